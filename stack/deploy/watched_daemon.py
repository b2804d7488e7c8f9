"""`python -m stack.deploy.watched_daemon run ...`: Dagster's daemon, which also writes its container's health
verdict. The verdict needs the database, and the health check must not start Python.
"""

import sys

from core.errors import OrderpulseError
from core.settings import load_settings
from stack.deploy.verdict_file import Watch


def main() -> None:
    """Entry point; the arguments are those of `dagster._daemon`."""
    from dagster._daemon.cli import main as daemon

    try:
        settings = load_settings(uses={"postgres"})
    except OrderpulseError as error:
        sys.exit(f"error: {error}")
    Watch(settings, "dagster_daemon").start()
    daemon()


if __name__ == "__main__":
    main()
