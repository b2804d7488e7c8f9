"""Time up to which rows were deleted by age, so that nothing is recomputed from deleted events."""

from database.migrate import sql_upgrade

revision = "0003"
down_revision = "0002"
upgrade = sql_upgrade(__file__)
