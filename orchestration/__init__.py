"""Dagster: starts and watches the generator and the stream, runs the jobs, reports and checks the assets."""
