"""Rejected records: the source that they come from, and what is needed to map its messages again."""

from database.migrate import sql_upgrade

revision = "0011"
down_revision = "0010"
upgrade = sql_upgrade(__file__)
