"""The command line `orderpulse`: each command is one call of the module that does the work."""

import json
import os
import sys
from collections.abc import Callable, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, NoReturn

import typer

from core.errors import OrderpulseError
from core.settings import Settings, load_settings
from stack.backup.cli import app as backup
from stack.backup.cli import restore
from stack.commands import DATA, EVERY_DAY, HELP, PLATFORM, TOOLS, Commands
from stack.deploy.cli import app as deploy
from stack.host.environment import child_environment, clean_environment
from stack.host.launch import Launch
from stack.profile import platform_settings
from stack.secure.cli import app as certs
from stack.servers.kafka.cli import topic_command

if TYPE_CHECKING:
    from stack.local.programs import Program
    from stack.screen import Screen

PASSED_THROUGH = {"allow_extra_args": True, "ignore_unknown_options": True, "help_option_names": []}

app = typer.Typer(
    cls=Commands,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings=HELP,
)
db = typer.Typer(no_args_is_help=True, help="The database.")

Only = Annotated[
    str | None, typer.Option(help="Comma-separated: postgres,kafka,spark_stream; `status` lists them.")
]
Names = Annotated[
    list[str] | None, typer.Argument(metavar="[NAME]...", help="Programs, as `status` lists them.")
]
ProfileOption = Annotated[
    Literal["local", "cluster"] | None,
    typer.Option(help="cluster: three brokers, Spark with two workers, a replica of the database."),
]
SecureOption = Annotated[
    bool | None,
    typer.Option("--secure/--open", help="With TLS, and a least-privilege user for each process."),
]


def _show_version(asked: bool) -> None:  # typer's own signature
    if asked:
        print(f"orderpulse {version('orderpulse')}")
        raise typer.Exit


@app.callback()
def _root(
    _version: Annotated[
        bool, typer.Option("--version", help="Show the version.", callback=_show_version, is_eager=True)
    ] = False,
) -> None:
    """Live KPIs of orders and payments: the platform on one machine."""


@app.command(name="up", rich_help_panel=EVERY_DAY)
def up_command(only: Only = None, profile: ProfileOption = None, secure: SecureOption = None) -> None:
    """Start the platform, or its stopped programs, and wait until it is healthy."""
    from stack.local.programs import selection
    from stack.local.up import up
    from stack.screen import Screen

    settings, screen = platform_settings(profile, secure=secure, starts=True), Screen()
    up(settings, selection(settings, only), screen)
    _show(settings, screen)


@app.command(name="down", rich_help_panel=EVERY_DAY)
def down_command() -> None:
    """Stop everything once the stream has read all records, and verify that nothing is left running."""
    from stack.local.down import down
    from stack.screen import Screen

    screen = Screen()
    stopped = down(platform_settings(), lambda text: screen.say(f"  {text}"))
    screen.say("Everything is stopped." if stopped else "Nothing was running.")


@app.command(name="status", rich_help_panel=EVERY_DAY)
def status_command(as_json: Annotated[bool, typer.Option("--json", help="For scripts.")] = False) -> None:
    """Show what runs where, and whether it is healthy."""
    from stack.local import status
    from stack.screen import Screen

    found = status.statuses(platform_settings())
    if as_json:
        print(json.dumps(status.as_json(found), indent=2))
    else:
        Screen().table(found)
        for line in status.notices(platform_settings()):
            Screen().say(line)


@app.command(rich_help_panel=EVERY_DAY)
def start(names: Names = None) -> None:
    """Start a program and wait until it is healthy; without a name the whole platform, like `up`."""
    if not names:
        up_command()
        return
    from stack.local.switches import start_programs

    _switch(start_programs, names)


@app.command(rich_help_panel=EVERY_DAY)
def stop(names: Names = None) -> None:
    """Stop a program; without a name everything, like `down`. Generator and stream then stay stopped, even after `up`."""
    if not names:
        down_command()
        return
    from stack.local.switches import stop_programs

    _switch(stop_programs, names)


@app.command(rich_help_panel=EVERY_DAY)
def restart(names: Names = None) -> None:
    """Stop a program and start it again; without a name everything that runs, with the current settings."""
    from stack.local.switches import restart_platform, restart_programs
    from stack.screen import Screen

    if names:
        _switch(restart_programs, names)
        return
    settings, screen = platform_settings(), Screen()
    restart_platform(settings, screen)
    _show(settings, screen)


@app.command(rich_help_panel=EVERY_DAY)
def logs(
    name: str,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Follow the log as it grows.")] = False,
    lines: Annotated[int, typer.Option("--lines", "-n", min=0, help="Number of last lines.")] = 50,
    as_json: Annotated[bool, typer.Option("--json", help="Raw JSON lines, for scripts.")] = False,
) -> None:
    """Show the log of a program, or of supervisord."""
    from stack.local.logs import show

    sys.exit(show(platform_settings(), name, lines, follow=follow, as_json=as_json))


@app.command(rich_help_panel=EVERY_DAY)
def doctor() -> None:
    """Check the machine, the settings and the running platform; report obstacles and security problems."""
    from core.settings import Environment, read_settings
    from stack.doctor import examine

    settings = read_settings()
    if settings.environment is not Environment.PRODUCTION:
        settings = platform_settings()
    problems = 0
    for finding in examine(settings):
        print(f"{finding.grade:7} {finding.subject}: {finding.seen}")
        problems += not finding.well
    if problems:
        sys.exit(1)


@app.command(name="reset", rich_help_panel=DATA)
def reset_command(
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask for confirmation.")] = False,
) -> None:
    """Delete all data, logs and checkpoints of this checkout."""
    from stack.local.reset import reset, what_goes

    settings = platform_settings()
    folders = what_goes(settings)
    if not folders:
        print("There is nothing to remove.")
        return
    if not yes:
        typer.confirm(f"Remove {', '.join(map(str, folders))}?", abort=True)
    reset(settings)
    print(f"Removed {', '.join(map(str, folders))}.")


@app.command(rich_help_panel=TOOLS)
def frontend(
    packages: Annotated[bool, typer.Option("--packages", help="Only install its packages.")] = False,
) -> None:
    """Build the dashboard's files, unless they are as new as their sources."""
    from stack.servers.frontend import ensure_frontend, ensure_packages

    (ensure_packages if packages else ensure_frontend)(platform_settings())


@app.command(rich_help_panel=TOOLS)
def jars() -> None:
    """Download and verify the jars of stack/servers/jars.lock."""
    from stack.servers.jars import ensure_jars

    settings = platform_settings()
    ensure_jars(settings)
    print(f"The jars are in {settings.cache_dir / 'jars'}.")


@db.command(name="migrate")
def migrate_command() -> None:
    """Bring the database to the newest revision."""
    from database import migrate

    before, after = migrate(platform_settings().postgres)
    print(f"The database is at revision {after}" + (f", from {before}." if before != after else " already."))


@app.command(rich_help_panel=PLATFORM)
def admit(producer: str) -> None:
    """Let a shop's own producer write events to a secured platform; shows its user and password once."""
    from stack.servers.kafka.rights import admit_producer

    user, password = admit_producer(platform_settings(), producer)
    print(f"user: {user}\npassword: {password}")


@app.command(context_settings=PASSED_THROUGH, rich_help_panel=DATA)
def source(context: typer.Context) -> None:
    """Shops and payment gateways that send to intake: list, show, try, new, secret, key."""
    settings = platform_settings()
    _become(_module(settings, "intake", ["source", *context.args]))


@app.command(name="import", rich_help_panel=DATA)
def import_command(
    file: Annotated[Path, typer.Argument(help=".csv, .jsonl or .ndjson, also with .gz.", show_default=False)],
    source: Annotated[
        str,
        typer.Option(help="`events`: the lines are events. Else the source that maps them (`source list`)."),
    ] = "events",
    header: Annotated[
        list[str] | None,
        typer.Option(
            help="A header that tells the source's messages apart: `X-WC-Webhook-Topic: order.created`."
        ),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Count, and change nothing.")] = False,
    let_expire: Annotated[
        bool,
        typer.Option(
            "--let-expire",
            help="Also import events older than ORDERPULSE_RETENTION__EVENTS_DAYS: the next night deletes them, and keeps their KPIs.",
        ),
    ] = False,
) -> None:
    """Import a shop's past orders from a file, next to the running stream.

    Each line becomes events, which the stream's rules accept or reject (`late` does not apply). New ones go into events_clean, and
    the KPIs of their minutes are recomputed. FILE.rejected.jsonl lists what was not imported, with line and reason.

    Begin with --dry-run. After an interruption run the same command again: what is there already counts as duplicate.

    orderpulse import events.csv --dry-run

    orderpulse import orders-2024.csv.gz --source my-shop
    """
    from stack.history import import_history

    reading = [
        "--source",
        source,
        *(part for each in header or [] for part in ("--header", each)),
    ]
    flags = {"--dry-run": dry_run, "--let-expire": let_expire}
    _become(import_history(platform_settings(), file, reading, [name for name in flags if flags[name]]))


@app.command(context_settings=PASSED_THROUGH, rich_help_panel=TOOLS)
def generate(context: typer.Context) -> None:
    """Send events: arguments of `python -m generator`."""
    settings = platform_settings()
    _become(_module(settings, "generator", context.args))


@app.command(context_settings=PASSED_THROUGH, rich_help_panel=TOOLS)
def backfill(context: typer.Context) -> None:
    """Recompute KPIs, replay rejected records, read Kafka again: arguments of `python -m spark_jobs.backfill`."""
    settings = platform_settings()
    _become(_module(settings, "spark_jobs.backfill", context.args))


@app.command(context_settings=PASSED_THROUGH, rich_help_panel=TOOLS)
def bench(context: typer.Context) -> None:
    """Measure throughput and latency: arguments of `python -m bench`."""
    settings = platform_settings()
    _become(_module(settings, "bench", context.args))


@app.command(context_settings=PASSED_THROUGH, rich_help_panel=TOOLS)
def dbt(context: typer.Context) -> None:
    """Run dbt on this project and database: `orderpulse dbt build`, `orderpulse dbt docs generate`."""
    from stack.servers.dbt import dbt as launch

    settings = platform_settings()
    _become(launch(settings, context.args))


@app.command(context_settings=PASSED_THROUGH, rich_help_panel=TOOLS)
def psql(context: typer.Context) -> None:
    """Open the database: arguments of `psql`, such as `orderpulse psql -c 'TABLE v_kpi_15m'`."""
    from stack.profile import platform_settings
    from stack.servers.postgres.client import psql as launch

    _become(launch(platform_settings(), context.args))


@app.command(rich_help_panel=TOOLS)
def dev(
    port: Annotated[int, typer.Option(help="Of the dashboard that reloads itself.")] = 5173,
) -> None:
    """Start the platform, and reload API, dashboard and Dagster's definitions after each edit, until Ctrl-C."""
    from stack.local.dev import dev as reload_on_edits
    from stack.screen import Screen

    reload_on_edits(platform_settings(starts=True), port, Screen())


@app.command(rich_help_panel=PLATFORM)
def serve(name: str) -> None:
    """Keep the generator or the stream in its desired state, in its own container."""
    from stack.deploy.serve import serve as keep

    sys.exit(keep(load_settings(), name))


@app.command(name="run", hidden=True)
def run_command(name: str) -> None:
    """Become the program NAME; the process manager starts its programs this way."""
    from stack.local.run import run

    run(load_settings(uses=()), name)  # the program itself checks what it uses


app.command(name="restore", rich_help_panel=DATA)(restore)
app.command(name="topic", rich_help_panel=DATA)(topic_command)
app.add_typer(backup, name="backup", rich_help_panel=DATA)
app.add_typer(db, name="db", rich_help_panel=DATA)
app.add_typer(certs, name="certs", rich_help_panel=PLATFORM)
app.add_typer(deploy, name="deploy", rich_help_panel=PLATFORM)


def main() -> None:
    """Run the command line; an error is one readable sentence and a non-zero exit."""
    clean_environment()
    try:
        app(prog_name="orderpulse")
    except OrderpulseError as error:
        print(f"orderpulse: {error}", file=sys.stderr)
        sys.exit(1)


def _switch(do: "Callable[[Settings, Sequence[Program], Screen], None]", names: list[str]) -> None:
    """Start or stop the programs of these names."""
    from stack.local.programs import named
    from stack.screen import Screen

    settings = platform_settings()
    do(settings, named(settings, names), Screen())


def _show(settings: Settings, screen: "Screen") -> None:
    """Show what runs now, and its addresses."""
    from stack.local.status import statuses
    from stack.screen import where_to_look

    screen.table(statuses(settings))
    for line in where_to_look(settings):
        screen.say(line)


def _module(settings: Settings, name: str, arguments: list[str]) -> Launch:
    return Launch([sys.executable, "-m", name, *arguments], child_environment(settings), settings.root)


def _become(launch: Launch) -> NoReturn:
    from stack.host.launch import become

    become(launch, os.getppid())
