"""What can be asked of intake."""
