"""The optional fields of events, and KPIs by them."""

from database.migrate import sql_upgrade

revision = "0010"
down_revision = "0009"
upgrade = sql_upgrade(__file__)
