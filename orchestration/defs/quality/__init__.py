"""Checks of the assets, the sensor that evaluates them, and the alerts."""
