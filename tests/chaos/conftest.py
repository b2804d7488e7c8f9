"""The platform under load, and the duration of the chaos."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.chaos.load import Load
from tests.chaos.world import RATE, World
from tests.e2e.dagster_ui import DagsterUi
from tests.e2e.platform import Platform


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--chaos-rounds", type=int, default=1, help="Rounds of all faults, in random order.")
    parser.addoption("--chaos-seed", type=int, default=None, help="Seed of their order.")


@pytest.fixture(scope="session")
def world(platform: Platform) -> Iterator[World]:
    """The platform, well, and the load on it."""
    with tempfile.TemporaryDirectory(prefix="orderpulse-load-") as folder:
        load = Load(platform.settings, Path(folder), RATE)
        load.start()
        try:
            yield World(platform, DagsterUi(platform.settings), load)
        finally:
            load.end()
