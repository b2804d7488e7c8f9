"""The system's Java, which the broker, Spark and Ivy run on."""

import re
import shutil
import subprocess
from pathlib import Path

from core.errors import PrerequisiteError

__all__ = ["MINIMUM_JAVA", "java_program", "java_version"]

MINIMUM_JAVA = 17
HOW_TO_INSTALL = (
    "install it with `apt-get install openjdk-17-jre-headless` (Debian, Ubuntu), "
    "`dnf install java-17-openjdk-headless` (Fedora) or `brew install openjdk@17` (macOS)"
)


def java_program() -> Path:
    """Path of a Java that is new enough. Raises `PrerequisiteError` with the command that installs one."""
    found = shutil.which("java")
    if found is None:
        raise PrerequisiteError(
            f"Java {MINIMUM_JAVA} or newer is needed and none is on the path: {HOW_TO_INSTALL}."
        )
    version = java_version(Path(found))
    if version < MINIMUM_JAVA:
        raise PrerequisiteError(
            f"Java {MINIMUM_JAVA} or newer is needed and {found} is version {version}: {HOW_TO_INSTALL}."
        )
    return Path(found)


def java_version(program: Path) -> int:
    """Major version of a Java program. Raises `PrerequisiteError` where it does not tell."""
    answer = subprocess.run([program, "-version"], capture_output=True, text=True, check=False)
    match = re.search(r'version "(?:1\.)?(\d+)', answer.stderr)
    if match is None:
        raise PrerequisiteError(
            f"{program} does not tell its version, so it is no usable Java: {HOW_TO_INSTALL}."
        )
    return int(match.group(1))
