"""The secured servers that the tests of this folder share."""

from collections.abc import Iterator

import pytest

from core.settings import Settings
from tests.security.secured_kafka import secured_broker


@pytest.fixture(scope="session")
def secured_kafka() -> Iterator[Settings]:
    """A running broker with TLS, users and rights; the settings are those of its owner."""
    with secured_broker() as settings:
        yield settings
