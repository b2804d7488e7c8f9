"""What Dagster loads: one folder an area."""
