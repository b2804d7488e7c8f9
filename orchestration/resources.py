"""Resources of all areas: the settings, PostgreSQL and Kafka. Stateless: created for each tick and run."""

from collections.abc import Iterator
from contextlib import contextmanager

import dagster as dg
import psycopg
from psycopg.rows import DictRow, dict_row

from control.topic_state import Difference, differences, read_state
from core import kafka, postgres
from core.settings import Settings, load_settings
from core.topics import EVENTS_RAW
from orchestration.worker import show_worker


class PlatformResource(dg.ConfigurableResource):  # type: ignore[type-arg]  # its parameter would be the class itself
    """Base of the resources: reads the settings on use, never when code is loaded.

    Every job uses one of them, or dbt, so each run's worker takes its lock before the first step.
    """

    def setup_for_execution(self, context: dg.InitResourceContext) -> None:
        """Called by Dagster in the process that will use it."""
        show_worker(context)

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

    def topic_differences(self, timeout_s: float = 10) -> list[Difference]:
        """Differences from the topic that the set-up creates. Raises `BrokerError` if the broker does not respond."""
        settings = self.settings.kafka
        return differences(read_state(settings, timeout_s), EVENTS_RAW, settings)
