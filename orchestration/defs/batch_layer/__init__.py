"""Recomputation and replay of processed data."""
