"""The configuration of `supervisor`, the process manager: one section for each program."""

import sys
from pathlib import Path

from control.process_manager import log_path, socket_path
from core.settings import Settings
from stack.local.programs import Program, programs_of

SUPERVISOR = "supervisord"
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
autorestart={restart}
startsecs={start_s}
startretries=1000000
stopsignal={signal}
stopwaitsecs={stop_timeout_s}
stopasgroup={stop_group}
killasgroup=true
redirect_stderr=true
stdout_logfile={log}
stdout_logfile_maxbytes=10MB
stdout_logfile_backups=3
"""
"""`startretries`: forever; the pause before each further attempt grows by a second."""


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
        *(_section(settings, program) for program in programs_of(settings)),
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
        restart="false" if program.once else "true",
        start_s=0 if program.once else 2,
        stop_group=str(program.stop_group).lower(),
        log=_escape(log_path(settings, program.name)),
    )


def _escape(path: Path) -> str:
    return str(path).replace("%", "%%")


def _quote(path: Path) -> str:
    return f'"{_escape(path)}"'
