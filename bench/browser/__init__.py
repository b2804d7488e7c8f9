"""Measurements in a real browser."""
