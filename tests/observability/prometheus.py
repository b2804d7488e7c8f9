"""Debian's Prometheus for tests: its tool, and its server on a free port. The package's own service is not started."""

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from bench.debian import install
from stack.host.ports import free_ports
from stack.host.waiting import wait_until

MONITOR = Path(__file__).parents[2] / "deploy" / "observability"


def program(name: str) -> str:
    """`prometheus` or `promtool`. Root on Debian gets it installed; else raises `PrerequisiteError`."""
    if shutil.which(name) is None:
        install("prometheus", f"for {name}, which tries the monitor's rules and configuration")
    found = shutil.which(name)
    assert found is not None
    return found


def configuration(folder: Path, **replaced: str) -> Path:
    """The monitor's own configuration and rules in `folder`, with texts of it replaced."""
    for path in (MONITOR / "prometheus").iterdir():
        shutil.copy(path, folder)
    file = folder / "prometheus.yml"
    text = file.read_text(encoding="utf-8")
    for old, new in replaced.items():
        assert old in text
        text = text.replace(old, new)
    file.write_text(text, encoding="utf-8")
    return file


@contextmanager
def running(file: Path) -> Iterator[str]:
    """A server with this configuration; yields its address."""
    address = f"127.0.0.1:{free_ports(1)[0]}"
    command = [program("prometheus"), f"--config.file={file}", f"--web.listen-address={address}"]
    command += [f"--storage.tsdb.path={file.parent / 'data'}"]
    log = file.with_suffix(".log")
    with log.open("wb") as written, subprocess.Popen(command, stdout=written, stderr=written) as process:
        try:
            ready = wait_until(lambda: _answers(f"http://{address}/-/ready"), 30)
            assert ready, log.read_text(encoding="utf-8")
            yield f"http://{address}"
        finally:
            process.terminate()
            process.wait(20)


def ask(address: str, path: str, **query: str) -> Any:
    """The data of an answer of its API."""
    answer = httpx.get(f"{address}/api/v1/{path}", params=query, trust_env=False)
    return answer.raise_for_status().json()["data"]


def _answers(url: str) -> bool:
    try:
        return httpx.get(url, trust_env=False).status_code == 200
    except httpx.TransportError:
        return False
