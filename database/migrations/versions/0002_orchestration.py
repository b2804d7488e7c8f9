"""Why a service is as it is and who watches it; alerts."""

from alembic import op

from database.migrate import apply_sql

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Add what the orchestration keeps."""
    apply_sql(op.get_bind(), "0002_orchestration")
