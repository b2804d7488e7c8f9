"""Maintenance: retention, checkpoints, lost runs."""
