"""Look for known weaknesses of the locked packages: `pip-audit` and `npm audit`, where their advisories are reached."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from stack.prerequisite import NODE
from stack.supply.packages import PYTHON_LOCKS, ROOT

__all__ = ["Audit", "asked", "audits", "npm_findings", "python_findings"]

TIMEOUT_S = 600


@dataclass(frozen=True, slots=True)
class Audit:
    """What one look brought. `unreachable` says why there was none; then `weaknesses` is empty."""

    subject: str
    weaknesses: tuple[str, ...]
    unreachable: str | None = None


def audits() -> Iterator[Audit]:
    """One for each lock file of Python, and the dashboard's."""
    for lock in PYTHON_LOCKS:
        options = ("--require-hashes", "--disable-pip", "--progress-spinner", "off", "--format", "json")
        yield asked(
            lock.name, [sys.executable, "-m", "pip_audit", "-r", str(lock), *options], python_findings
        )
    command = [str(NODE.find()), "--prefix", str(ROOT / "frontend"), "audit", "--package-lock-only", "--json"]
    yield asked("frontend/package-lock.json", command, npm_findings)


def python_findings(answer: Any) -> Iterator[str]:
    """What `pip-audit` found, in words. Raises `KeyError`, `TypeError` where it is no answer of it."""
    for package in answer["dependencies"]:
        for weakness in package.get("vulns", ()):
            better = ", ".join(weakness["fix_versions"]) or "none yet"
            yield f"{package['name']} {package['version']}: {weakness['id']}, mended in {better}"


def npm_findings(answer: Any) -> Iterator[str]:
    """What `npm audit` found, likewise."""
    for name, found in answer["vulnerabilities"].items():
        yield f"{name} {found['range']}: {found['severity']}, {'to be mended' if found['fixAvailable'] else 'no better version yet'}"


def asked(subject: str, command: list[str], findings: Callable[[Any], Iterator[str]]) -> Audit:
    """What `command` says. Both tools exit with 1 for findings and for failures alike; only their JSON tells which."""
    try:
        answer = subprocess.run(
            command, capture_output=True, text=True, check=False, cwd=ROOT, timeout=TIMEOUT_S
        )
    except subprocess.TimeoutExpired:
        return Audit(subject, (), f"no answer within {TIMEOUT_S} s")
    try:
        return Audit(subject, tuple(findings(json.loads(answer.stdout))))
    except (ValueError, KeyError, TypeError):
        said = (answer.stderr.strip() or answer.stdout.strip() or "it said nothing").splitlines()
        return Audit(subject, (), said[-1][:300])
