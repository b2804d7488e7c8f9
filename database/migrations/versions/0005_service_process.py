"""Services in separate containers: orders to them, and their runners' reports."""

from database.migrate import sql_upgrade

revision = "0005"
down_revision = "0004"
upgrade = sql_upgrade(__file__)
