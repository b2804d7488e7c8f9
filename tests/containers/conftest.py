"""The engine, the images and the deployments that the tests of this folder share; each is made once."""

import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from core.errors import OrderpulseError
from core.settings import load_settings
from stack.host.ports import free_ports
from tests.containers.deployed import Deployed
from tests.containers.engine import Engine, running_engine
from tests.containers.machine import ensure_compose, ensure_programs, tell
from tests.containers.standins import STOOD_IN, ensure_standins

Measured = Callable[[str], None]
OUR_IMAGES = ("orderpulse/platform:0.1.0", "orderpulse/postgres:0.1.0")


@pytest.fixture(scope="session")
def figures() -> Iterator[Measured]:
    """Note a figure; all are shown again at the end."""
    noted: list[str] = []

    def note(figure: str) -> None:
        noted.append(figure)
        tell(figure)

    yield note
    tell("\n  ".join(["", "measured:", *noted]))


@pytest.fixture(scope="session")
def engine() -> Iterator[Engine]:
    """An engine of our own, with the stand-ins of the official images."""
    cache = load_settings().cache_dir / "containers"
    try:
        ensure_programs()
        cache.mkdir(parents=True, exist_ok=True)
        configuration = ensure_compose(cache)
    except OrderpulseError as error:
        pytest.exit(f"make test-containers: {error}", returncode=1)
    with (
        tempfile.TemporaryDirectory(prefix="orderpulse-engine-") as scratch,
        running_engine(cache / "engine", Path(scratch), configuration) as running,
    ):
        tell(f"engine {running.docker('version', '--format', '{{.Server.Version}}')} is running")
        for name, image in ensure_standins(running, cache).items():
            tell(f"{image} is stood in for by {STOOD_IN[name]}")
        yield running


@pytest.fixture(scope="session")
def built(engine: Engine, figures: Measured) -> Engine:
    """The engine with our two images, built as they stand in the working copy."""
    with tempfile.TemporaryDirectory() as folder:
        deployed = Deployed(engine, Path(folder) / "deploy", "build", 443, 80)
        deployed.init("local")
        kept = "reused" if OUR_IMAGES[0] in engine.images() else "none"
        started = time.monotonic()
        tell("building the images")
        deployed.compose("build", "--quiet")
    figures(f"build of both images: {time.monotonic() - started:.0f} s (layers of an earlier run: {kept})")
    for image in OUR_IMAGES:
        figures(f"{image}: {engine.inspect(image)['Size'] / 1e6:.0f} MB")
    return engine


def deployment(engine: Engine, folder: Path, project: str) -> Deployed:
    """A deployment on free ports, not yet made."""
    return Deployed(engine, folder / "deploy", project, *free_ports(2))


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    """A folder that the containers' user can enter."""
    with tempfile.TemporaryDirectory(prefix="orderpulse-deploy-") as made:
        Path(made).chmod(0o755)
        yield Path(made)
