"""The routes of intake."""
