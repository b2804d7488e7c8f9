"""The names of the machines in `docker-compose.yml`, and where files are inside the containers."""

from pathlib import Path

__all__ = ["BROKERS", "INNER_DOMAIN", "POSTGRES", "REPLICA", "SECRETS", "broker", "inner"]

SECRETS = Path("/run/secrets")
"""Where compose puts the secrets that a service was given."""

BROKERS = (1, 2, 3)
POSTGRES, REPLICA = "postgres", "postgres-replica"
INNER_DOMAIN = "brokers"
"""The network that the brokers have to themselves."""


def broker(number: int) -> str:
    """Name that the clients of a broker use."""
    return f"kafka-{number}"


def inner(number: int) -> str:
    """Name that the other brokers use: it leads to the address in their own network."""
    return f"{broker(number)}.{INNER_DOMAIN}"
