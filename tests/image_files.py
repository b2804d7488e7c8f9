"""The file system of the platform's image without an engine: what deploy/Dockerfile copies of what .dockerignore lets through."""

import fnmatch
import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from importlib.metadata import distribution
from pathlib import Path

ROOT = Path(__file__).parents[1]
DOCKERFILE = ROOT / "deploy" / "Dockerfile"
LOCK = ROOT / "deploy" / "requirements.lock"


class NotSentError(Exception):
    """The builder would not find what the Dockerfile copies."""


def copied() -> list[tuple[str, str]]:
    """Source and target of each file or folder that the last stage of the Dockerfile, or its base, copies of ours."""
    stages = re.split(r"^FROM ", DOCKERFILE.read_text(encoding="utf-8"), flags=re.MULTILINE)
    base = next(stage for stage in stages if stage.partition("\n")[0].endswith(" AS base"))
    pairs = []
    for line in re.findall(r"^COPY (?!--from)(.+)$", base + stages[-1], flags=re.MULTILINE):
        *sources, target = line.split()
        pairs += [(source, f"{target}{source}" if target.endswith("/") else target) for source in sources]
    return pairs


def is_sent(path: str, ignore: Sequence[str]) -> bool:
    """Whether the builder gets a file: the last pattern that fits it, or a folder of it, decides."""
    sent = True
    for pattern in ignore:
        if _fits(path, pattern.removeprefix("!")):
            sent = pattern.startswith("!")
    return sent


def make_image_files(folder: Path, ignore: Sequence[str]) -> Path:
    """Make the image's folder of the project, and beside it an environment with the packages of its lock alone.

    Returns the environment's Python. Raises `NotSentError` where a file would be missing.
    """
    project = folder / "orderpulse"
    project.mkdir()
    for source, target in copied():
        _copy(ROOT / source, project / target, ignore)
    shutil.copytree(ROOT / "dbt_project" / "target", project / "dbt_project" / "target", dirs_exist_ok=True)
    return _environment(folder / "venv", project)


def _copy(source: Path, target: Path, ignore: Sequence[str]) -> None:
    files = [source] if source.is_file() else [path for path in source.rglob("*") if path.is_file()]
    sent = [file for file in files if is_sent(str(file.relative_to(ROOT)), ignore)]
    if not sent:
        raise NotSentError(f"{source.name} is not sent to the builder; see .dockerignore.")
    for file in sent:
        to = target if file == source else target / file.relative_to(source)
        to.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(file, to)


def _fits(path: str, pattern: str) -> bool:
    """Docker's rules, as far as our file uses them: `*` stays within a folder, `**/` goes through all."""
    parts = path.split("/")
    if pattern.startswith("**/"):
        return any(fnmatch.fnmatch(part, pattern[3:]) for part in parts)
    wanted = pattern.split("/")
    return len(parts) >= len(wanted) and all(
        fnmatch.fnmatch(part, want) for part, want in zip(parts, wanted, strict=False)
    )


def _environment(folder: Path, project: Path) -> Path:
    """As the Dockerfile makes it: the lock's packages (linked to ours), and the project as a distribution."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder], check=True)
    (packages,) = folder.glob("lib/python3*/site-packages")
    for name in re.findall(r"^([a-z0-9._-]+)==", LOCK.read_text(encoding="utf-8"), flags=re.MULTILINE):
        _link(name, packages)
    dbt = Path(sys.executable).with_name("dbt").read_text(encoding="utf-8")
    own = folder / "bin" / "dbt"
    own.write_text(dbt.replace(str(Path(sys.executable).parent), str(own.parent)), encoding="utf-8")
    own.chmod(0o755)
    build = _link("setuptools", packages)
    uv = str(Path(sys.executable).with_name("uv"))
    install = f"{uv} pip install --quiet --offline --no-deps --no-build-isolation -C editable_mode=compat"
    subprocess.run([*install.split(), "--python", folder, "--editable", project], check=True)
    for link in build:
        link.unlink()
    return folder / "bin" / "python"


def _link(name: str, packages: Path) -> list[Path]:
    """Link the files of an installed distribution; returns the links that were not there."""
    files = distribution(name)
    parts = {file.parts[0] for file in files.files or ()} - {"..", "__pycache__"}
    links = [packages / part for part in sorted(parts) if not (packages / part).exists()]
    for link in links:
        link.symlink_to(Path(str(files.locate_file(link.name))))
    return links
