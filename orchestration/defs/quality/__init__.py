"""Asset checks and alerts."""
