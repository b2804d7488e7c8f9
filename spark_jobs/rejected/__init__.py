"""Rejected records: where they come from, and their second validation."""
