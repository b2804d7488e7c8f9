"""Rejected records: of a long value the beginning is kept, with its length and SHA-256."""

from database.migrate import sql_upgrade

revision = "0007"
down_revision = "0006"
upgrade = sql_upgrade(__file__)
