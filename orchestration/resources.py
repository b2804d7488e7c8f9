"""What every area uses: the settings, PostgreSQL and Kafka. Stateless: made anew for each tick and run."""

from collections.abc import Iterator
from contextlib import contextmanager

import dagster as dg
import psycopg
from psycopg.rows import DictRow, dict_row

from core import kafka, postgres
from core.settings import Settings, load_settings

__all__ = ["KafkaResource", "PlatformResource", "PostgresResource"]


class PlatformResource(dg.ConfigurableResource):  # type: ignore[type-arg]  # its parameter is what it provides: itself
    """Base of the resources: it reads the settings where they are needed, never while code is loaded."""

    @property
    def settings(self) -> Settings:
        """The platform's settings. Raises `SettingsError`."""
        return load_settings()


class PostgresResource(PlatformResource):
    """The database `realtime`."""

    @contextmanager
    def connect(self) -> Iterator[psycopg.Connection[DictRow]]:
        """An autocommit connection whose rows are dictionaries. Raises psycopg's own errors."""
        with postgres.connect(self.settings.postgres, autocommit=True) as connection:
            connection.row_factory = dict_row  # type: ignore[assignment]  # the rows of all cursors from here on
            yield connection  # type: ignore[misc]  # as above


class KafkaResource(PlatformResource):
    """The broker and the topic of the events."""

    def end_offsets(self, timeout_s: float = 10) -> dict[int, int]:
        """Offset of the next record by partition. Raises `BrokerError` after `timeout_s` seconds."""
        settings = self.settings.kafka
        return kafka.end_offsets(settings, settings.topic, timeout_s)
