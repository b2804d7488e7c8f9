"""The command line and the platform on one machine."""
