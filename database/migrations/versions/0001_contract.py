"""The relations of the contract, the schema ops and the roles."""

from alembic import op

from database.migrate import apply_sql

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Create everything."""
    apply_sql(op.get_bind(), "0001_contract")
