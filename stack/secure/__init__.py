"""Certificates and passwords of a secured platform."""
