"""The configuration of `supervisor`, the process manager: one section for each program."""

import sys
from pathlib import Path

from core.errors import StackError
from core.settings import Settings
from stack.programs import PROGRAMS, Program

__all__ = ["SUPERVISOR", "log_path", "socket_path", "write_configuration"]

SUPERVISOR = "supervisord"
LONGEST_SOCKET_PATH = 100
"""Bytes; the system's own limit for a local socket is 103 to 107."""

MANAGER = """[unix_http_server]
file={socket}
chmod=0700

[supervisord]
identifier=orderpulse
nodaemon=true
silent=true
logfile={log}
logfile_maxbytes=5MB
logfile_backups=2
pidfile={run}/supervisord.pid
childlogdir={run}
directory={root}

[rpcinterface:supervisor]
supervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface
"""

PROGRAM = """
[program:{name}]
command={python} -m stack run {name}
directory={root}
priority={order}
autostart=false
autorestart=true
startsecs=2
startretries=100
stopsignal={signal}
stopwaitsecs={stop_timeout_s}
stopasgroup=false
killasgroup=true
redirect_stderr=true
stdout_logfile={log}
stdout_logfile_maxbytes=10MB
stdout_logfile_backups=3
"""
"""`startretries`: the pause before each further attempt grows by a second."""


def socket_path(settings: Settings) -> Path:
    """The manager's private socket. Raises `StackError` where the system cannot hold its name."""
    path = settings.data_dir / "run" / "supervisor.sock"
    if len(bytes(path)) > LONGEST_SOCKET_PATH:
        raise StackError(
            f"{path} is too long a name for a local socket; "
            "set ORDERPULSE_STACK__DATA_DIR to a folder with a shorter name."
        )
    return path


def log_path(settings: Settings, name: str) -> Path:
    """Where the output of a program, or of the manager itself, is kept."""
    return settings.log_dir / f"{name}.log"


def write_configuration(settings: Settings) -> Path:
    """Write the configuration and make the folders that it names. Returns its path."""
    socket = socket_path(settings)
    socket.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    settings.log_dir.mkdir(parents=True, exist_ok=True)
    sections = [
        MANAGER.format(
            socket=_escape(socket),
            run=_escape(socket.parent),
            root=_escape(settings.root),
            log=_escape(log_path(settings, SUPERVISOR)),
        ),
        *(_section(settings, program) for program in PROGRAMS),
    ]
    path = socket.with_name("supervisord.conf")
    path.write_text("".join(sections), encoding="utf-8")
    return path


def _section(settings: Settings, program: Program) -> str:
    return PROGRAM.format(
        name=program.name,
        python=_quote(Path(sys.executable)),
        root=_escape(settings.root),
        order=program.order,
        signal=program.stop_signal.name.removeprefix("SIG"),
        stop_timeout_s=program.stop_timeout_s,
        log=_escape(log_path(settings, program.name)),
    )


def _escape(path: Path) -> str:
    return str(path).replace("%", "%%")


def _quote(path: Path) -> str:
    return f'"{_escape(path)}"'
