"""One tree of errors. A message says what happened, what it means and what to do."""


class OrderpulseError(Exception):
    """Base of every error shown to a user; its text is one readable sentence."""


class SettingsError(OrderpulseError):
    """A setting is missing, malformed or not allowed in this environment."""


class PrerequisiteError(OrderpulseError):
    """A program that must be installed on the machine is missing or too old."""


class BrokerError(OrderpulseError):
    """Kafka cannot be reached, or refused a request."""


class DatabaseError(OrderpulseError):
    """PostgreSQL cannot be reached, or refused a request."""


class CheckpointError(OrderpulseError):
    """A streaming checkpoint and the ledger in the database contradict each other."""


class StackError(OrderpulseError):
    """A process of the local platform cannot be started, stopped or reached."""
