"""Whether a logout would end the platform: systemd can be configured to end a session's processes."""

import getpass
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

from core.settings import Settings
from stack.doctor.finding import Finding, fine, warning
from stack.host.locks import holder
from stack.local.supervisor_config import SUPERVISOR

SESSION = re.compile(r"/session-[^/]+\.scope")
MANAGER = ("org.freedesktop.login1", "/org/freedesktop/login1", "org.freedesktop.login1.Manager")
WAY_OUT = (
    "systemd ends the processes of a session when its user logs out (KillUserProcesses=yes in logind.conf), and "
    "with them the platform. To keep it: `loginctl enable-linger` once, then `systemd-run --user --scope orderpulse up`; or set "
    "KillUserProcesses=no"
)


def logout(settings: Settings) -> Iterator[Finding]:
    """The finding on what happens when the user logs out."""
    if ended_at_logout(settings):
        yield warning("logout", WAY_OUT)
    else:
        yield fine("logout", "ends nothing")


def ended_at_logout(settings: Settings) -> bool:
    """Whether the platform, or this process, belongs to a session that would end it."""
    manager = holder(settings, SUPERVISOR)
    pid = "self" if manager is None or manager.pid is None else str(manager.pid)
    try:
        groups = Path(f"/proc/{pid}/cgroup").read_text(encoding="utf-8")
    except OSError:
        return False
    return takes_along(groups, getpass.getuser())


def takes_along(groups: str, user: str) -> bool:
    """Whether a process of `user` in these control groups (`/proc/PID/cgroup`) ends with a session."""
    if SESSION.search(groups) is None or _property("KillUserProcesses") != "b true":
        return False
    return f'"{user}"' not in _property("KillExcludeUsers")


def _property(name: str) -> str:
    """A property of logind as busctl prints it; empty without systemd."""
    try:
        answer = subprocess.run(
            ["busctl", "get-property", *MANAGER, name], capture_output=True, text=True, check=False, timeout=5
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return answer.stdout.strip()
