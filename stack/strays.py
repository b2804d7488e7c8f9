"""Workers of Dagster's runs, and what these started: they outlive a code server that was killed."""

import psutil

from core.settings import Settings
from stack.dagster_home import home

__all__ = ["end_strays"]

STOP_TIMEOUT_S = 8.0


def end_strays(settings: Settings) -> int:
    """End every process that works for this checkout's Dagster, and return how many there were.

    They are known by a variable of their environment that nobody sets but us. Call it when the programs have ended.
    """
    own = {process.pid for process in (psutil.Process(), *psutil.Process().parents())}
    found = [
        process
        for process in psutil.process_iter()
        if process.pid not in own and _is_ours(process, str(home(settings) / "compute_logs"))
    ]
    for process in found:
        _tell(process, kill=False)
    _, alive = psutil.wait_procs(found, timeout=STOP_TIMEOUT_S)
    for process in alive:
        _tell(process, kill=True)
    psutil.wait_procs(alive, timeout=STOP_TIMEOUT_S)
    return len(found)


def _is_ours(process: psutil.Process, folder: str) -> bool:
    try:
        return process.environ().get("DAGSTER_COMPUTE_LOGS") == folder
    except (psutil.Error, OSError):
        return False


def _tell(process: psutil.Process, *, kill: bool) -> None:
    try:
        process.kill() if kill else process.terminate()
    except psutil.NoSuchProcess:
        return
