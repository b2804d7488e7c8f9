"""The host names in `docker-compose.yml`, and paths inside the containers."""

from pathlib import Path

SECRETS = Path("/run/secrets")
"""Where compose mounts a service's secrets."""

BROKERS = (1, 2, 3)
POSTGRES, REPLICA = "postgres", "postgres-replica"
INNER_DOMAIN = "brokers"
"""The network of the brokers only."""


def broker(number: int) -> str:
    """A broker's host name for clients."""
    return f"kafka-{number}"


def inner(number: int) -> str:
    """A broker's host name for other brokers, which resolves to its address in their network."""
    return f"{broker(number)}.{INNER_DOMAIN}"
