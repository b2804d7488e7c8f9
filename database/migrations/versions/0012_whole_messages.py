"""The stream may complete the payload of a message that did not map."""

from database.migrate import sql_upgrade

revision = "0012"
down_revision = "0011"
upgrade = sql_upgrade(__file__)
