"""What keeps the platform small: retention, checkpoints."""
