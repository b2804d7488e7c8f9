"""Dagster's processes and database."""
