"""Rights in Kafka: the users of a secured platform and their access control lists.

Only what is listed here is allowed. `owner` and the brokers themselves are super users.
"""

import re
import secrets
from collections.abc import Iterable, Mapping
from concurrent.futures import Future
from typing import Any

from confluent_kafka import KafkaException
from confluent_kafka.admin import (
    AclBinding,
    AclBindingFilter,
    AclOperation,
    AclPermissionType,
    AdminClient,
    ResourcePatternType,
    ResourceType,
    ScramCredentialInfo,
    ScramMechanism,
    UserScramCredentialAlteration,
    UserScramCredentialUpsertion,
)

from core.errors import StackError
from core.kafka import admin_client
from core.settings import Settings
from stack.secure.identities import IDENTITIES, IdentityName, login, secret

SPARK_GROUPS = "spark-kafka-"
"""Prefix of the consumer groups that Spark creates for each query and range."""

ITERATIONS = 8192
TIMEOUT_S = 30
PRODUCER_NAME = re.compile(r"[a-z][a-z0-9-]{0,38}")
PRODUCER_PREFIX = "shop_"


def rights(settings: Settings) -> dict[IdentityName, list[AclBinding]]:
    """Rights of each identity. The right to write or read a topic includes describing it."""
    topic = settings.kafka.topic
    return {
        "generator": [_allowed(login("generator"), ResourceType.TOPIC, topic, AclOperation.WRITE)],
        "intake": [_allowed(login("intake"), ResourceType.TOPIC, topic, AclOperation.WRITE)],
        "spark_stream": _reading(login("spark_stream"), topic),
        "dagster": [
            *_reading(login("dagster"), topic),
            _allowed(login("dagster"), ResourceType.TOPIC, topic, AclOperation.DESCRIBE_CONFIGS),
        ],
    }


def apply_rights(settings: Settings) -> None:
    """Set the users' passwords and rights, and revoke all others of these users.

    Users that are not ours keep theirs. Raises `StackError` if Kafka refuses.
    """
    client = admin_client(settings.kafka)
    users = [each.name for each in IDENTITIES.values() if each.kafka and each.name != "owner"]
    _set_passwords(client, {login(name): secret(settings, name) for name in users})
    wanted = {binding for bindings in rights(settings).values() for binding in bindings}
    ours = {f"User:{login(name)}" for name in IDENTITIES}
    surplus = {binding for binding in _present(client) if binding.principal in ours} - wanted
    _wait(client.create_acls(list(wanted), request_timeout=TIMEOUT_S).values())
    if surplus:
        taken = client.delete_acls([_filter_of(binding) for binding in surplus], request_timeout=TIMEOUT_S)
        _wait(taken.values())


def admit_producer(settings: Settings, name: str) -> tuple[str, str]:
    """Allow a shop's own producer to write events. Returns its user and its new password, which is not stored.

    Raises `StackError` if the name is invalid, or Kafka refuses.
    """
    if not PRODUCER_NAME.fullmatch(name):
        raise StackError(
            f"'{name}' is not a valid producer name: at most 39 lower-case letters, digits and dashes."
        )
    client, user, password = admin_client(settings.kafka), PRODUCER_PREFIX + name, secrets.token_urlsafe(32)
    _set_passwords(client, {user: password})
    binding = _allowed(user, ResourceType.TOPIC, settings.kafka.topic, AclOperation.WRITE)
    _wait(client.create_acls([binding], request_timeout=TIMEOUT_S).values())
    return user, password


def _reading(user: str, topic: str) -> list[AclBinding]:
    groups = ResourcePatternType.PREFIXED
    return [
        _allowed(user, ResourceType.TOPIC, topic, AclOperation.READ),
        _allowed(user, ResourceType.GROUP, SPARK_GROUPS, AclOperation.READ, groups),
    ]


def _allowed(
    user: str,
    kind: ResourceType,
    name: str,
    operation: AclOperation,
    pattern: ResourcePatternType = ResourcePatternType.LITERAL,
) -> AclBinding:
    return AclBinding(kind, name, pattern, f"User:{user}", "*", operation, AclPermissionType.ALLOW)


def _present(client: AdminClient) -> Iterable[AclBinding]:
    anything: Any = None  # the library's types do not allow a filter without a name
    everything = AclBindingFilter(
        ResourceType.ANY,
        anything,
        ResourcePatternType.ANY,
        anything,
        anything,
        AclOperation.ANY,
        AclPermissionType.ANY,
    )
    try:
        found: list[AclBinding] = client.describe_acls(everything, request_timeout=TIMEOUT_S).result()
    except KafkaException as error:
        raise StackError(f"Kafka did not return its access control lists: {error.args[0].str()}") from None
    return found


def _filter_of(binding: AclBinding) -> AclBindingFilter:
    return AclBindingFilter(
        binding.restype,
        binding.name,
        binding.resource_pattern_type,
        binding.principal,
        binding.host,
        binding.operation,
        binding.permission_type,
    )


def _set_passwords(client: AdminClient, passwords: Mapping[str, str]) -> None:
    mechanism = ScramCredentialInfo(ScramMechanism.SCRAM_SHA_512, ITERATIONS)
    changes: list[UserScramCredentialAlteration] = [
        UserScramCredentialUpsertion(user, mechanism, password.encode())
        for user, password in passwords.items()
    ]
    _wait(client.alter_user_scram_credentials(changes, request_timeout=TIMEOUT_S).values())


def _wait(answers: Iterable[Future[Any]]) -> None:
    for answer in answers:
        try:
            answer.result()
        except KafkaException as error:
            raise StackError(f"Kafka did not set the users' rights: {error.args[0].str()}") from None
