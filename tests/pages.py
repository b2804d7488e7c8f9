"""Pages whose commands are run as they stand: a `sh` block is a step, the `text` block after it what it must show."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from core.settings import Settings
from stack.host.environment import settings_as_environment
from stack.host.variables import for_command
from stack.host.waiting import wait_until

ROOT = Path(__file__).resolve().parents[1]
TUTORIAL = ROOT / "docs" / "tutorial.md"
PART = re.compile(
    r"^## (?P<section>[^\n]+)$|^```(?P<kind>sh|text)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL
)
QUESTIONS = ("orderpulse psql", "orderpulse status", "orderpulse backfill check")
"""These change nothing, and their answer may need a moment; the page tells the reader to repeat them."""

ANSWER_TIMEOUT_S = 180
COMMAND_TIMEOUT_S = 900


@dataclass(frozen=True, slots=True)
class Step:
    """A block of commands, and the lines that it must show; `...` in one stands for anything."""

    section: str
    command: str
    shown: tuple[str, ...] = ()

    @property
    def is_question(self) -> bool:
        return self.command.startswith(QUESTIONS)


def steps(page: str) -> Iterator[Step]:
    """The steps of a page, in order. A `text` block that follows no command is an error."""
    section, step = "", None
    for part in PART.finditer(page):
        if part["kind"] == "text":
            assert step is not None, f"this output belongs to no command: {part['text']}"
            yield Step(step.section, step.command, tuple(part["text"].splitlines()))
            step = None
            continue
        if step is not None:
            yield step
        step = None
        if part["section"] is not None:
            section = part["section"]
        else:
            step = Step(section, part["text"])
    if step is not None:
        yield step


def shows(output: str, wanted: tuple[str, ...]) -> bool:
    """Whether the output has these lines, in this order; spaces count once, and there may be further lines."""
    lines = (" ".join(line.split()) for line in output.splitlines())
    return all(any(_pattern(each).fullmatch(line) for line in lines) for each in wanted)


def _pattern(line: str) -> re.Pattern[str]:
    return re.compile(".*".join(re.escape(" ".join(part.split())) for part in line.split("...")))


@dataclass(frozen=True)
class Reader:
    """Somebody who types the commands of a page in `folder`. `ports`: what the page's addresses are here."""

    folder: Path
    environment: Mapping[str, str]
    ports: Mapping[int, int]

    def follow(self, step: Step) -> None:
        """Run a step; fails with its output unless it ends well and shows what the page promises."""
        shown = tuple(self._with_ports(line) for line in step.shown)
        output = ""

        def is_right() -> bool:
            nonlocal output
            answer = subprocess.run(
                ["bash", "-eu", "-o", "pipefail", "-c", step.command],
                cwd=self.folder,
                env=dict(self.environment),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                timeout=COMMAND_TIMEOUT_S,
                check=False,
            )
            output = answer.stdout
            return answer.returncode == 0 and shows(output, shown)

        right = wait_until(is_right, ANSWER_TIMEOUT_S, poll_s=1.0) if step.is_question else is_right()
        assert right, f"{step.command}\nshould show {shown} and shows\n{output}"

    def _with_ports(self, line: str) -> str:
        for written, port in self.ports.items():
            line = line.replace(f"localhost:{written}", f"localhost:{port}")
        return line


def reader(settings: Settings, folder: Path, programs: Path) -> Reader:
    """A reader at a shell in `folder`, with `programs` first on the path, whose platform has these settings."""
    path = [
        part for part in os.environ["PATH"].split(os.pathsep) if Path(part) != Path(sys.executable).parent
    ]
    environment = for_command(os.environ) | {"PATH": os.pathsep.join([str(programs), *path])}
    ports = {
        8000: settings.api.port,
        3000: settings.dagster.webserver_port,
        3080: settings.dagster.docs_port,
    }
    return Reader(folder, environment | settings_as_environment(settings), ports)
