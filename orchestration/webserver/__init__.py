"""Dagster's web server, behind a guard against other sites' pages."""
