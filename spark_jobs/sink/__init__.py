"""From a micro-batch to PostgreSQL: data, ledger row and notification in one transaction."""
