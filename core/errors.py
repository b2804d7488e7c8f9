"""One tree of errors. A message says what happened, what it means and what to do."""

__all__ = [
    "BrokerError",
    "CheckpointError",
    "DatabaseError",
    "OrderpulseError",
    "PrerequisiteError",
    "SettingsError",
    "StackError",
]


class OrderpulseError(Exception):
    """Base of every error that a user may meet; its text is one readable sentence."""


class SettingsError(OrderpulseError):
    """A setting is missing, malformed or not allowed in this environment."""


class PrerequisiteError(OrderpulseError):
    """A program that must be installed on the machine is missing or too old."""


class BrokerError(OrderpulseError):
    """Kafka cannot be reached, or refused what was asked of it."""


class DatabaseError(OrderpulseError):
    """PostgreSQL cannot be reached, or refused what was asked of it."""


class CheckpointError(OrderpulseError):
    """A streaming checkpoint and the ledger in the database contradict each other."""


class StackError(OrderpulseError):
    """A process of the local platform cannot be started, stopped or reached."""
