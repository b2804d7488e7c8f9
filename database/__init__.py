"""Migrations of the database `realtime`: tables, roles and grants. Imports `core` only."""

from database.migrate import current_revision, known_revisions, migrate

__all__ = ["current_revision", "known_revisions", "migrate"]
