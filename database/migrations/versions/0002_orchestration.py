"""Reason and watching run of a service; alerts."""

from database.migrate import sql_upgrade

revision = "0002"
down_revision = "0001"
upgrade = sql_upgrade(__file__)
