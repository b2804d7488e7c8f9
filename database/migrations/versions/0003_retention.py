"""Until when rows were deleted by age, so that nothing is recomputed from what is gone."""

from alembic import op

from database.migrate import apply_sql

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Add the mark of the retention."""
    apply_sql(op.get_bind(), "0003_retention")
