"""Services in containers of their own: what is asked of them, and what their runners say."""

from alembic import op

from database.migrate import apply_sql

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Add what such services need."""
    apply_sql(op.get_bind(), "0005_service_process")
