"""Look for known weaknesses of the locked packages: `pip-audit` and `npm audit`, where their advisories are reached."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from stack.prerequisite import NODE
from stack.supply.packages import PYTHON_LOCKS, ROOT

__all__ = ["Audit", "asked", "audits", "npm_findings", "python_findings"]

TIMEOUT_S = 600


@dataclass(frozen=True, slots=True)
class Audit:
    """What one look brought. `unreachable` says why there was none; then the rest is empty.

    `unknown` are packages of which the source of advisories knows nothing.
    """

    subject: str
    weaknesses: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()
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


def python_findings(answer: Any) -> Audit:
    """What `pip-audit` says, in words. Raises `KeyError`, `TypeError` where it is no answer of it."""
    weaknesses = [
        f"{package['name']} {package['version']}: {weakness['id']}, mended in "
        f"{', '.join(weakness['fix_versions']) or 'no version yet'}"
        for package in answer["dependencies"]
        for weakness in package.get("vulns", ())
    ]
    unknown = [package["name"] for package in answer["dependencies"] if "skip_reason" in package]
    if len(unknown) == len(answer["dependencies"]):
        return Audit("", unreachable="what answers knows none of the packages")
    return Audit("", tuple(weaknesses), tuple(unknown))


def npm_findings(answer: Any) -> Audit:
    """What `npm audit` says, likewise."""
    if "error" in answer:
        return Audit("", unreachable=str(answer.get("message") or answer["error"].get("summary")))
    return Audit(
        "",
        tuple(
            f"{name} {found['range']}: {found['severity']}, {'to be mended' if found['fixAvailable'] else 'no better version yet'}"
            for name, found in answer["vulnerabilities"].items()
        ),
    )


def asked(subject: str, command: list[str], findings: Callable[[Any], Audit]) -> Audit:
    """What `command` says. Both tools exit with 1 for findings and for failures alike; only their JSON tells which."""
    try:
        answer = subprocess.run(
            command, capture_output=True, text=True, check=False, cwd=ROOT, timeout=TIMEOUT_S
        )
    except subprocess.TimeoutExpired:
        return Audit(subject, unreachable=f"no answer within {TIMEOUT_S} s")
    try:
        return replace(findings(json.loads(answer.stdout)), subject=subject)
    except (ValueError, KeyError, TypeError):
        said = (answer.stderr.strip() or answer.stdout.strip() or "it said nothing").splitlines()
        return Audit(subject, unreachable=said[-1][:300])
