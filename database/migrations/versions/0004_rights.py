"""The exact rights of each process, including the generator's, and who may enter the database."""

from database.migrate import sql_upgrade

revision = "0004"
down_revision = "0003"
upgrade = sql_upgrade(__file__)
