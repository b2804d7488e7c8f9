"""The rights of each process, exactly: also the generator's, and who may enter the database."""

from alembic import op

from database.migrate import apply_sql

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Add what is missing and take what is not needed."""
    apply_sql(op.get_bind(), "0004_rights")
