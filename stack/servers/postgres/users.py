"""The users of a secured PostgreSQL: one for each process, with the rights of its role and no others.

The rights themselves are in `database/migrations`; here the superuser creates what a migration cannot: logins,
their passwords, and databases with their owners.
"""

from typing import Any, LiteralString

import psycopg
from psycopg import sql

from core.settings import Settings
from stack.secure.identities import IDENTITIES, Identity, login, secret

Connection = psycopg.Connection[Any]

ATTRIBUTES: LiteralString = "LOGIN INHERIT NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS"
"""Set at every start, so that attributes granted by hand are revoked."""

MEMBERSHIPS = """
    SELECT granted.rolname::text FROM pg_auth_members AS membership
    JOIN pg_roles AS granted ON granted.oid = membership.roleid
    JOIN pg_roles AS member ON member.oid = membership.member WHERE member.rolname = %s
"""


def ensure_users(connection: Connection, settings: Settings) -> None:
    """Create the roles and users, and set each user's current password. Safe to repeat."""
    for identity in IDENTITIES.values():
        if not identity.postgres:
            continue
        if identity.role is not None and not _exists(connection, identity.role):
            connection.execute(sql.SQL("CREATE ROLE {} NOLOGIN").format(sql.Identifier(identity.role)))
        ensure_user(connection, login(identity.name), ATTRIBUTES, secret(settings, identity.name))
        _set_memberships(connection, identity)


def ensure_user(connection: Connection, name: str, attributes: LiteralString, password: str) -> None:
    """Create a user, or correct it."""
    if not _exists(connection, name):
        connection.execute(sql.SQL("CREATE ROLE {}").format(sql.Identifier(name)))
    connection.execute(sql.SQL("ALTER ROLE {} {}").format(sql.Identifier(name), sql.SQL(attributes)))
    set_password(connection, name, password)


def set_password(connection: Connection, name: str, password: str) -> None:
    """Set a user's password. Only a SCRAM verifier leaves this process, so no log can contain it."""
    verifier = connection.pgconn.encrypt_password(password.encode(), name.encode(), b"scram-sha-256")
    statement = sql.SQL("ALTER ROLE {} PASSWORD {}")
    connection.execute(statement.format(sql.Identifier(name), sql.Literal(verifier.decode())))


def ensure_databases(connection: Connection, settings: Settings) -> None:
    """Create the two databases, each with its own owner, and close Dagster's to others.

    The migrations define who may enter the business database.
    """
    owners = {
        settings.postgres.database: login("owner"),
        settings.dagster.database: login("dagster"),
    }
    for name, owner in owners.items():
        found = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", (name,)).fetchone()
        statement = "ALTER DATABASE {} OWNER TO {}" if found else "CREATE DATABASE {} OWNER {}"
        connection.execute(sql.SQL(statement).format(sql.Identifier(name), sql.Identifier(owner)))
    for name in (settings.dagster.database, "postgres", "template1"):
        connection.execute(sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(sql.Identifier(name)))


def _set_memberships(connection: Connection, identity: Identity) -> None:
    """Make the user a member of its role only."""
    user = sql.Identifier(login(identity.name))
    for (name,) in connection.execute(MEMBERSHIPS, (login(identity.name),)).fetchall():
        if name != identity.role:
            connection.execute(sql.SQL("REVOKE {} FROM {}").format(sql.Identifier(name), user))
    if identity.role is not None:
        connection.execute(sql.SQL("GRANT {} TO {}").format(sql.Identifier(identity.role), user))


def _exists(connection: Connection, role: str) -> bool:
    return connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", (role,)).fetchone() is not None
