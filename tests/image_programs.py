"""Runs in the environment of `tests.image_files`: loads all modules, then starts each program in a process of its own.

A fork each, because nine times the start of a Python that loads Dagster would take half a minute.
"""

import importlib
import json
import os
import pkgutil
import runpy
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path
from typing import Any


def load(packages: list[str], tools: str) -> list[str]:
    """Import every module of the packages; returns their names."""
    loaded = []
    for package in packages:
        module = importlib.import_module(package)
        for found in pkgutil.walk_packages(module.__path__, package + "."):
            own_way = found.name.endswith("__main__") or ".migrations" in found.name
            if not own_way and not found.name.startswith(tools):
                importlib.import_module(found.name)
                loaded.append(found.name)
    return loaded


def start(words: list[str]) -> tuple[int, str]:
    """Exit code and output of `python -m words...`, in production without any secret."""
    with tempfile.TemporaryFile() as output:
        pid = os.fork()
        if pid == 0:
            os.dup2(output.fileno(), 1)
            os.dup2(output.fileno(), 2)
            os._exit(_run(words))
        _, status = os.waitpid(pid, 0)
        output.seek(0)
        return os.waitstatus_to_exitcode(status), output.read().decode()


def _run(words: list[str]) -> int:
    os.environ["ENVIRONMENT"] = "production"
    sys.argv = words
    try:
        runpy.run_module(words[0], run_name="__main__", alter_sys=True)
    except SystemExit as ended:
        if isinstance(ended.code, str):
            sys.stderr.write(ended.code)
        code = ended.code if isinstance(ended.code, int) else int(ended.code is not None)
    except BaseException:  # noqa: BLE001  # what an interpreter would show
        sys.excepthook(*sys.exc_info())
        code = 1
    else:
        code = 0
    sys.stdout.flush()
    sys.stderr.flush()
    return code


def main() -> None:
    """Entry point: what is asked comes as JSON on standard input, the answer is the last line of the output."""
    sys.path[0] = str(Path.cwd())  # as with `python -m`
    asked: dict[str, Any] = json.load(sys.stdin)
    modules = load(asked["packages"], asked["tools"])
    from api.app import create_app
    from core.settings import load_settings
    from orchestration.definitions import defs

    found = {
        "modules": len(modules),
        "files": [sys.modules[name].__file__ for name in asked["packages"]],
        "version": version("orderpulse"),
        "version_of_api": create_app(load_settings()).version,
        "sensors": len(list(defs().get_repository_def().sensor_defs)),
        "said": {name: start(words) for name, words in asked["programs"].items()},
    }
    sys.stdout.write(f"{json.dumps(found)}\n")


if __name__ == "__main__":
    main()
