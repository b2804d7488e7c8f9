"""What the platform is built from: the locked packages, their licences, their known weaknesses."""
