"""Recomputation and replay of what was already processed."""
