"""The programs that must be installed on the machine, Java and Node.js, with their minimum versions."""

import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from core.errors import PrerequisiteError


@dataclass(frozen=True, slots=True)
class Prerequisite:
    """A required program: `programs` must be on the path; the first reports the version, the last is run.

    `version_pattern` finds the major version in the output for `version_option`.
    """

    name: str
    minimum: int
    programs: tuple[str, ...]
    version_option: str
    version_pattern: str
    how_to_install: str

    def find(self) -> Path:
        """Path of the program. Raises `PrerequisiteError` with the command that installs it."""
        found = []
        for program in self.programs:
            path = shutil.which(program)
            if path is None:
                raise PrerequisiteError(
                    f"{self.name} {self.minimum} or newer is required and `{program}` is not on the path: {self.how_to_install}."
                )
            found.append(Path(path))
        version = self.version(found[0])
        if version < self.minimum:
            raise PrerequisiteError(
                f"{self.name} {self.minimum} or newer is required and {found[0]} is version {version}: {self.how_to_install}."
            )
        return found[-1]

    def version(self, program: Path) -> int:
        """Major version of a program. Raises `PrerequisiteError` if it reports none."""
        answer = subprocess.run([program, self.version_option], capture_output=True, text=True, check=False)
        match = re.search(self.version_pattern, answer.stdout + answer.stderr)
        if match is None:
            raise PrerequisiteError(
                f"{program} does not report its version, so it is not a usable {self.name}: {self.how_to_install}."
            )
        return int(match.group(1))


JAVA = Prerequisite(
    "Java",
    17,
    ("java",),
    "-version",
    r'version "(?:1\.)?(\d+)',
    "install it with `apt-get install openjdk-17-jre-headless` (Debian, Ubuntu), "
    "`dnf install java-17-openjdk-headless` (Fedora) or `brew install openjdk@17` (macOS)",
)
"""Runs the broker, Spark and Ivy."""

NODE = Prerequisite(
    "Node.js",
    20,
    ("node", "npm"),
    "--version",
    r"v(\d+)\.",
    "install it with `apt-get install nodejs npm` (Debian 13, Ubuntu 25.04 or newer), `dnf install nodejs` (Fedora), "
    "`brew install node` (macOS), or from nodejs.org",
)
"""Builds the dashboard."""
