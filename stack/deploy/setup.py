"""`orderpulse deploy setup`: users, databases, tables, topics and rights, before everything else starts.

It runs once at each start of the containers and changes only what is wrong or missing. It is the only
service with all passwords.
"""

import psycopg
from pydantic import SecretStr

from core import kafka, postgres
from core.errors import DatabaseError
from core.settings import PostgresSettings, Settings
from core.topics import EVENTS_RAW
from database import migrate
from stack.secure.identities import secret
from stack.servers.kafka.rights import apply_rights
from stack.servers.kafka.topic import report
from stack.servers.postgres.access import REPLICA_USER
from stack.servers.postgres.server import SUPERUSER
from stack.servers.postgres.users import ensure_databases, ensure_user, ensure_users

TIMEOUT_S = 60.0
MAY_REPLICATE = "LOGIN REPLICATION NOINHERIT NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS"


def set_up(settings: Settings) -> list[str]:
    """Prepare both servers; returns a report. The settings are the owner's.

    Raises `DatabaseError`, `BrokerError` or `StackError`.
    """
    superuser = _superuser(settings)
    postgres.wait_until_reachable(superuser, TIMEOUT_S)
    try:
        with postgres.connect(superuser, autocommit=True) as connection:
            ensure_users(connection, settings)
            ensure_user(connection, REPLICA_USER, MAY_REPLICATE, secret(settings, "replica"))
            ensure_databases(connection, settings)
    except psycopg.Error as error:
        raise DatabaseError(f"The users and databases could not be created: {error}") from None
    before, after = migrate(settings.postgres)
    said = [f"the database is at revision {after}, from {before or 'nothing'}"]
    kafka.wait_until_reachable(settings.kafka, TIMEOUT_S)
    if kafka.create_topic(settings.kafka, EVENTS_RAW, settings.kafka.topic):
        said.append(f"the topic {settings.kafka.topic} was created")
    said += [f"the topic {settings.kafka.topic}: {line}" for line in report(settings)]
    apply_rights(settings)
    return said


def _superuser(settings: Settings) -> PostgresSettings:
    password = SecretStr(secret(settings, "postgres_superuser"))
    return settings.postgres.model_copy(
        update={"user": SUPERUSER, "database": "postgres", "password": password}
    )
