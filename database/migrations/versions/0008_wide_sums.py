"""Sums of money that a minute of the largest amounts cannot overflow."""

from database.migrate import sql_upgrade

revision = "0008"
down_revision = "0007"
upgrade = sql_upgrade(__file__)
