"""The system's Node.js, which builds the dashboard."""

import re
import shutil
import subprocess
from pathlib import Path

from core.errors import PrerequisiteError

__all__ = ["MINIMUM_NODE", "node_version", "npm_program"]

MINIMUM_NODE = 20
HOW_TO_INSTALL = (
    "install it with `apt-get install nodejs npm` (Debian 13, Ubuntu 25.04 or newer), `dnf install nodejs` (Fedora), "
    "`brew install node` (macOS), or from nodejs.org"
)


def npm_program() -> Path:
    """Path of the npm of a Node.js that is new enough. Raises `PrerequisiteError` with the command that installs one."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        missing = "Node.js" if node is None else "npm"
        raise PrerequisiteError(
            f"Node.js {MINIMUM_NODE} or newer with npm is needed and {missing} is not on the path: {HOW_TO_INSTALL}."
        )
    version = node_version(Path(node))
    if version < MINIMUM_NODE:
        raise PrerequisiteError(
            f"Node.js {MINIMUM_NODE} or newer is needed and {node} is version {version}: {HOW_TO_INSTALL}."
        )
    return Path(npm)


def node_version(program: Path) -> int:
    """Major version of a Node.js program. Raises `PrerequisiteError` where it does not tell."""
    answer = subprocess.run([program, "--version"], capture_output=True, text=True, check=False)
    match = re.match(r"v(\d+)\.", answer.stdout)
    if match is None:
        raise PrerequisiteError(
            f"{program} does not tell its version, so it is no usable Node.js: {HOW_TO_INSTALL}."
        )
    return int(match.group(1))
