"""Reads a file of past orders and maps its lines to events."""
