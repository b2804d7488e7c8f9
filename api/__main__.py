"""`python -m api`: serve the API and the dashboard until told to stop."""

import sys

import uvicorn

from api.app import create_app
from core.errors import OrderpulseError
from core.logging import configure_logging
from core.settings import load_settings

__all__ = ["main"]

GRACE_S = 3
"""Open live streams are ended at once; this is for the answers under way."""


def main() -> None:
    """Serve. Exits with 1 and a sentence where the settings do not allow it."""
    try:
        settings = load_settings()
        configure_logging(settings.log_level, process="api")
        app = create_app(settings)
    except OrderpulseError as error:
        sys.exit(f"error: {error}")
    uvicorn.run(
        app,
        host=settings.api.host,
        port=settings.api.port,
        loop="uvloop",
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=GRACE_S,
    )


if __name__ == "__main__":
    main()
