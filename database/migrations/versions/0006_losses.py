"""Records that Kafka deleted before they were read; services that are retried forever."""

from database.migrate import sql_upgrade

revision = "0006"
down_revision = "0005"
upgrade = sql_upgrade(__file__)
