"""`orderpulse deploy setup`: users, databases, tables, topics and rights, before everything else starts.

It runs once at each start of the containers and changes nothing that is right already. It is the only
service that knows every password.
"""

import psycopg
from pydantic import SecretStr

from core import kafka, postgres
from core.errors import DatabaseError
from core.settings import PostgresSettings, Settings
from core.topics import EVENTS_RAW
from database import migrate
from stack.identities import secret
from stack.kafka_rights import apply_rights
from stack.postgres_access import REPLICA_USER
from stack.postgres_server import SUPERUSER
from stack.postgres_users import ensure_databases, ensure_user, ensure_users

__all__ = ["set_up"]

TIMEOUT_S = 60.0
MAY_REPLICATE = "LOGIN REPLICATION NOINHERIT NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS"


def set_up(settings: Settings) -> list[str]:
    """Make both servers ready; returns what there is to say. The settings are the owner's.

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
        raise DatabaseError(f"The users and databases could not be made: {error}") from None
    before, after = migrate(settings.postgres)
    said = [f"the database is at revision {after}, from {before or 'nothing'}"]
    kafka.wait_until_reachable(settings.kafka, TIMEOUT_S)
    if kafka.create_topic(settings.kafka, EVENTS_RAW, settings.kafka.topic):
        said.append(f"the topic {settings.kafka.topic} was created")
    apply_rights(settings)
    return said


def _superuser(settings: Settings) -> PostgresSettings:
    password = SecretStr(secret(settings, "postgres_superuser"))
    return settings.postgres.model_copy(
        update={"user": SUPERUSER, "database": "postgres", "password": password}
    )
