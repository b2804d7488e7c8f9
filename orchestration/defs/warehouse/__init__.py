"""The dbt views: assets, job, documentation."""
