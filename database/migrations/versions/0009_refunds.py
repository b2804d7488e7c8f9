"""Refunds by minute and currency."""

from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    """Add the measures; a minute before them had no refund."""
    op.execute(
        "ALTER TABLE kpi_1m_by_currency ADD COLUMN payments_refunded INTEGER NOT NULL DEFAULT 0, "
        "ADD COLUMN refunded NUMERIC(28, 2) NOT NULL DEFAULT 0"
    )
