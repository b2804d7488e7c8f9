"""The platform on one machine: its programs, started, watched and stopped."""
