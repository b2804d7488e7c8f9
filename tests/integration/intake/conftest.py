"""What these tests share with the others, but for what only Spark needs."""

import pytest

from core.settings import Settings
from stack.servers.jars import ensure_jars


@pytest.fixture(scope="session")
def jars(settings: Settings) -> None:
    """The jars alone: Kafka does not need the archive of Spark's classes, which takes long to create."""
    ensure_jars(settings)
