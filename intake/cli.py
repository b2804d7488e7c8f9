"""The command line of intake: serve, and manage sources."""

import sys

import typer

from core.errors import OrderpulseError
from core.logging import configure_logging, get_logger
from core.settings import load_settings
from intake.again import map_command
from intake.history.cli import history_command
from intake.source_cli import app as source

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
app.add_typer(source, name="source")
app.command(name="history")(history_command)
app.command(name="map")(map_command)
log = get_logger("intake")


@app.callback(invoke_without_command=True)
def serve_command(context: typer.Context) -> None:
    """Receive events and webhooks over HTTP and write them to Kafka, until stopped."""
    if context.invoked_subcommand is not None:
        return
    from prometheus_client import disable_created_metrics

    from intake.app import create_app
    from intake.server import serve

    settings = load_settings(uses={"kafka"})
    configure_logging(settings.log_level, process="intake")
    disable_created_metrics()  # type: ignore[no-untyped-call]  # they double the lines, to say when each counter began
    log.info("intake.listening", host=settings.intake.host, port=settings.intake.port)
    serve(create_app(settings), settings)


def main() -> None:
    """Entry point; an error is one readable sentence and a non-zero exit."""
    try:
        app(prog_name="orderpulse" if sys.argv[1:2] == ["source"] else "python -m intake")
    except OrderpulseError as error:
        sys.exit(f"error: {error}")
