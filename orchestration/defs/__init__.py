"""Dagster's definitions, one folder per area."""
