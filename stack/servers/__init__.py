"""Third-party components of the platform: how they are obtained and started."""
