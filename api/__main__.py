"""`python -m api`: serve the API and the dashboard until told to stop."""

import sys

from prometheus_client import disable_created_metrics

from api.app import create_app
from api.server import Server, bind, raise_file_limit, server_config
from core.errors import OrderpulseError
from core.logging import configure_logging, get_logger
from core.settings import load_settings

log = get_logger("api")


def main() -> None:
    """Serve. Exits with 1 and an error message if the settings are refused or the port is taken."""
    try:
        settings = load_settings(uses={"postgres", "tokens"})
        configure_logging(settings.log_level, process="api")
        app = create_app(settings)
        listener = bind(settings)
    except OrderpulseError as error:
        sys.exit(f"error: {error}")
    raise_file_limit(settings)
    disable_created_metrics()  # type: ignore[no-untyped-call]  # they double the lines

    async def end_streams() -> None:
        app.state.context.live.hub.end()

    log.info("api.listening", host=settings.api.host, port=settings.api.port, auth=settings.api.auth)
    Server(server_config(app), end_streams).run(sockets=[listener])


if __name__ == "__main__":
    main()
