"""Workers of Dagster's runs and their children, which outlive a killed code server."""

import psutil

from core.settings import Settings
from stack.servers.dagster.home import home

STOP_TIMEOUT_S = 8.0


def end_strays(settings: Settings) -> int:
    """End every process of this checkout's Dagster, and return their number.

    They are identified by an environment variable that only we set. Call it after the programs have ended.
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
