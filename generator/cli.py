"""The command line of the generator."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random
from typing import Annotated

import typer

from core.clock import utc_now
from core.errors import OrderpulseError, SettingsError
from core.logging import configure_logging
from core.settings import GeneratorSettings, Settings, load_settings
from generator.journeys import Journeys
from generator.live import LiveRun
from generator.mix import Shares, TrafficMix
from generator.replay import Timeline, open_lines, read_lines, replay
from generator.session import Destination, run_session

PACE_WITHOUT_RATE = 100.0
"""Records a second that scale the delays between an order's steps if there is no rate."""

app = typer.Typer(add_completion=False, rich_markup_mode="markdown")

TopicOption = Annotated[str | None, typer.Option(help="Topic; default: the setting.", metavar="NAME")]
AckLogOption = Annotated[
    Path | None,
    typer.Option(help="Append a line per acknowledged record: id, topic, partition, offset, kind, reason."),
]
HeartbeatOption = Annotated[bool, typer.Option(help="Write a heartbeat to the database once a second.")]
InvalidOption = Annotated[
    float | None, typer.Option(min=0, max=1, help="Share that breaks a rule on purpose.", metavar="0..1")
]
DuplicateOption = Annotated[
    float | None, typer.Option(min=0, max=1, help="Share sent twice.", metavar="0..1")
]
LateOption = Annotated[
    float | None, typer.Option(min=0, max=1, help="Share of events up to 4 minutes old.", metavar="0..1")
]


@app.callback(invoke_without_command=True)
def live(
    context: typer.Context,
    rate: Annotated[
        float | None, typer.Option(min=0, help="Records per second; 0 is --max.", metavar="N")
    ] = None,
    flat_out: Annotated[bool, typer.Option("--max", help="As fast as the machine allows.")] = False,
    invalid_share: InvalidOption = None,
    duplicate_share: DuplicateOption = None,
    late_share: LateOption = None,
    seed: Annotated[
        int | None, typer.Option(help="The same seed sends the same records, except for their times.")
    ] = None,
    count: Annotated[int | None, typer.Option(min=1, help="Stop after this many records.")] = None,
    duration: Annotated[float | None, typer.Option(min=0, help="Stop after this many seconds.")] = None,
    topic: TopicOption = None,
    ack_log: AckLogOption = None,
    heartbeat: HeartbeatOption = True,
) -> None:
    """Send orders and payments to Kafka, as a shop would, until you stop it (Ctrl-C).

    Options that are not given come from the settings (`ORDERPULSE_GENERATOR__RATE=20`).
    The table `ops.service` may set another rate while it runs.

    **Examples**

    `python -m generator`: 5 events a second, 1 % of them invalid

    `python -m generator --rate 200 --seed 7 --duration 60`: one repeatable minute

    `python -m generator --max --count 600000 --no-heartbeat`: a backlog for a benchmark

    `python -m generator --ack-log sent.tsv`: list the records that Kafka acknowledged

    `python -m generator replay events.jsonl --speed 2`: a file, twice as fast
    """
    if context.invoked_subcommand is not None:
        return
    with _readable_errors():
        settings = _settings()
        own = settings.generator
        start_rate = 0.0 if flat_out else (own.rate if rate is None else rate)
        random = Random(own.seed if seed is None else seed)  # noqa: S311  # a seed is wanted
        journeys = Journeys(random, start_rate or PACE_WITHOUT_RATE, settings.shop.currency_codes())
        mix = TrafficMix(random, journeys, _shares(own, invalid_share, duplicate_share, late_share), utc_now)
        run = LiveRun(count, duration)
        code = run_session(
            settings,
            Destination(topic, ack_log, heartbeat),
            start_rate,
            lambda producer, wanted_rate, stopping: run.send(mix, journeys, producer, wanted_rate, stopping),
        )
    raise typer.Exit(code)


@app.command("replay")
def replay_file(
    file: Annotated[str, typer.Argument(help="JSON Lines, one record per line; `-` is standard input.")],
    speed: Annotated[
        str, typer.Option(help="Multiple of the original pace, or `max`.", metavar="N|max")
    ] = "1.0",
    keep_times: Annotated[bool, typer.Option("--keep-times", help="Keep event times.")] = False,
    topic: TopicOption = None,
    ack_log: AckLogOption = None,
    heartbeat: HeartbeatOption = True,
) -> None:
    """Send a file of events at its original pace, a multiple of it, or as fast as possible.

    The file starts now: each event time becomes the time at which its line is due (with
    `--speed max`: now), unless `--keep-times`. Lines that are not events are sent unchanged
    directly after the previous line, and the stream will reject them with a reason.

    **Examples**

    `python -m generator replay yesterday.jsonl`

    `zcat events.jsonl.gz | python -m generator replay - --speed max --keep-times`
    """
    with _readable_errors():
        settings = _settings()
        timeline = Timeline(utc_now, _speed(speed), keep_times)
        with open_lines(file) as descriptor:
            code = run_session(
                settings,
                Destination(topic, ack_log, heartbeat),
                0.0,
                lambda producer, _, stopping: replay(
                    read_lines(descriptor, stopping), timeline, producer, stopping
                ),
            )
    raise typer.Exit(code)


def main() -> None:
    """Entry point of `python -m generator`."""
    app(prog_name="python -m generator")


def _settings() -> Settings:
    settings = load_settings()
    configure_logging(settings.log_level, process="generator")
    return settings


def _shares(
    own: GeneratorSettings, invalid: float | None, duplicate: float | None, late: float | None
) -> Shares:
    return Shares(
        invalid=own.invalid_share if invalid is None else invalid,
        duplicate=own.duplicate_share if duplicate is None else duplicate,
        late=own.late_share if late is None else late,
    )


def _speed(text: str) -> float | None:
    if text == "max":
        return None
    try:
        speed = float(text)
    except ValueError:
        speed = 0.0
    if not 0 < speed < float("inf"):
        raise SettingsError(f"--speed is a number above 0 or `max`, not '{text}'.")
    return speed


@contextmanager
def _readable_errors() -> Iterator[None]:
    try:
        yield
    except OrderpulseError as error:
        typer.echo(f"error: {error}", err=True)
        sys.exit(1)
