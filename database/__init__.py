"""Migrations of the database `realtime`: tables, roles and grants. Imports `core` only."""

from database.migrate import known_revisions, migrate
