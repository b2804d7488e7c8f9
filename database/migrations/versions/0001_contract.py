"""The relations of the contract, the schema ops and the roles."""

from database.migrate import sql_upgrade

revision = "0001"
down_revision = None
upgrade = sql_upgrade(__file__)
