"""Servers get a processor before what works in the background."""

import os
import signal
from pathlib import Path

import pytest

from core.settings import Settings
from stack.host.ports import free_ports, is_open
from tests.processes import Started

NICENESS = 3


@pytest.mark.parametrize(("name", "niceness"), [("dbt_docs", NICENESS), ("postgres", 0)])
def test_a_server_comes_before_what_works_in_the_background(
    settings: Settings, data_dir: Path, name: str, niceness: int
) -> None:
    docs_port, postgres_port = free_ports(2)
    folder = data_dir / f"niceness_{name}"
    folder.mkdir(mode=0o755)
    stack = {"data_dir": folder, "background_niceness": NICENESS}
    own = settings.model_copy(
        update={
            "stack": settings.stack.model_copy(update=stack),
            "dagster": settings.dagster.model_copy(update={"docs_port": docs_port}),
            "postgres": settings.postgres.model_copy(update={"port": postgres_port}),
        }
    )
    with Started(own, name, folder, signal.SIGINT) as started:
        started.wait(lambda: is_open(docs_port if name == "dbt_docs" else postgres_port))
        usual = os.getpriority(os.PRIO_PROCESS, 0)
        assert os.getpriority(os.PRIO_PROCESS, started.pid) == usual + niceness
