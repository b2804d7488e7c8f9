"""The command line `orderpulse`: each command is one call of the module that does the work."""

import json
import os
import sys
from typing import Annotated, Literal, NoReturn

import typer

from core.errors import OrderpulseError
from core.settings import Settings, load_settings
from stack.backup_cli import app as backup
from stack.backup_cli import restore
from stack.certs import app as certs
from stack.deployment.cli import app as deploy
from stack.launch import Launch

__all__ = ["app", "main"]

PASSED_THROUGH = {"allow_extra_args": True, "ignore_unknown_options": True, "help_option_names": []}

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
db = typer.Typer(no_args_is_help=True, help="The database.")
app.add_typer(db, name="db")
app.add_typer(certs, name="certs")
app.add_typer(deploy, name="deploy")
app.add_typer(backup, name="backup")
app.command(name="restore")(restore)

Only = Annotated[
    str | None, typer.Option(help="Comma-separated: postgres,kafka,spark_stream; `status` lists them.")
]
ProfileOption = Annotated[
    Literal["local", "cluster"] | None,
    typer.Option(help="cluster: three brokers, Spark with two workers, a replica of the database."),
]
SecureOption = Annotated[
    bool | None,
    typer.Option("--secure/--open", help="With TLS, and a user with the least rights for each process."),
]


@app.callback()
def _root() -> None:
    """Live KPIs of orders and payments: the platform on one machine."""


@app.command(name="up")
def up_command(only: Only = None, profile: ProfileOption = None, secure: SecureOption = None) -> None:
    """Start the platform, or what is missing of it, and wait until it is well."""
    from stack.profile import platform_settings, remember
    from stack.programs import selection
    from stack.screen import Screen, where_to_look
    from stack.status import statuses
    from stack.up import up

    settings, screen = platform_settings(profile, secure=secure, starts=True), Screen()
    remember(settings)
    up(settings, selection(settings, only), screen)
    screen.table(statuses(settings))
    for line in where_to_look(settings):
        screen.say(line)


@app.command(name="down")
def down_command() -> None:
    """Stop everything, the stream first, and verify that nothing is left."""
    from stack.down import down
    from stack.screen import Screen

    screen = Screen()
    stopped = down(_settings(), lambda text: screen.say(f"  {text}"))
    screen.say("Everything is stopped." if stopped else "Nothing was running.")


@app.command(name="status")
def status_command(as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False) -> None:
    """Show what runs where, and whether it is well."""
    from stack import status
    from stack.screen import Screen

    found = status.statuses(_settings())
    if as_json:
        print(json.dumps(status.as_json(found), indent=2))
    else:
        Screen().table(found)


@app.command()
def logs(
    name: str,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on as it grows.")] = False,
    lines: Annotated[int, typer.Option("--lines", "-n", min=0, help="Lines of the end.")] = 50,
) -> None:
    """Show the log of a program, or of supervisord."""
    from stack.logs import tail

    settings = _settings()
    _become(tail(settings, name, lines, follow=follow))


@app.command()
def doctor() -> None:
    """Look at the machine, the settings and what runs; say what is in the way or open to others."""
    from core.settings import Environment, read_settings
    from stack.doctor import examine

    settings = read_settings()
    if settings.environment is not Environment.PRODUCTION:
        settings = _settings()
    problems = 0
    for finding in examine(settings):
        print(f"{finding.grade:7} {finding.subject}: {finding.seen}")
        problems += not finding.well
    if problems:
        sys.exit(1)


@app.command(name="reset")
def reset_command(yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False) -> None:
    """Throw away all data, logs and checkpoints of this checkout."""
    from stack.reset import reset, what_goes

    settings = _settings()
    folders = what_goes(settings)
    if not folders:
        print("There is nothing to remove.")
        return
    if not yes:
        typer.confirm(f"Remove {', '.join(map(str, folders))}?", abort=True)
    reset(settings)
    print(f"Removed {', '.join(map(str, folders))}.")


@app.command()
def frontend(
    packages: Annotated[bool, typer.Option("--packages", help="Only install its packages.")] = False,
) -> None:
    """Build the dashboard's files, unless they are as new as their sources."""
    from stack.frontend import ensure_frontend, ensure_packages

    (ensure_packages if packages else ensure_frontend)(_settings())


@app.command()
def jars() -> None:
    """Fetch and verify the jars of stack/jars.lock."""
    from stack.jars import ensure_jars

    settings = _settings()
    ensure_jars(settings)
    print(f"The jars are in {settings.cache_dir / 'jars'}.")


@db.command(name="migrate")
def migrate_command() -> None:
    """Bring the database to the newest revision."""
    from database import migrate

    before, after = migrate(_settings().postgres)
    print(f"The database is at revision {after}" + (f", from {before}." if before != after else " already."))


@app.command()
def admit(producer: str) -> None:
    """Let a shop's own producer write events to a secured platform; shows its user and password once."""
    from stack.kafka_rights import admit_producer

    user, password = admit_producer(_settings(), producer)
    print(f"user: {user}\npassword: {password}")


@app.command(context_settings=PASSED_THROUGH)
def generate(context: typer.Context) -> None:
    """Send events: arguments of `python -m generator`."""
    settings = _settings()
    _become(_module(settings, "generator", context.args))


@app.command(context_settings=PASSED_THROUGH)
def bench(context: typer.Context) -> None:
    """Measure throughput and latency: arguments of `python -m bench`."""
    settings = _settings()
    _become(_module(settings, "bench", context.args))


@app.command(context_settings=PASSED_THROUGH)
def dbt(context: typer.Context) -> None:
    """Run dbt on this project and database: `orderpulse dbt build`, `orderpulse dbt docs generate`."""
    from stack.dbt import dbt as launch

    settings = _settings()
    _become(launch(settings, context.args))


@app.command()
def serve(name: str) -> None:
    """Keep the generator or the stream as the database says, where it has a container of its own."""
    from stack.serve import serve as keep

    sys.exit(keep(load_settings(), name))


@app.command(hidden=True)
def healthy(name: str) -> None:
    """Say whether the program NAME of this container is well; for its health check."""
    from core.settings import read_settings
    from stack.healthy import verdict

    found = verdict(read_settings(), name)
    print(found)
    if found != "healthy":
        sys.exit(1)


@app.command(name="run", hidden=True)
def run_command(name: str) -> None:
    """Become the program NAME; the process manager starts its programs so."""
    from stack.run import run

    run(load_settings(uses=()), name)  # the program itself asks for what it uses


def main() -> None:
    """Run the command line; an error is one readable sentence and a non-zero exit."""
    try:
        app()
    except OrderpulseError as error:
        print(f"orderpulse: {error}", file=sys.stderr)
        sys.exit(1)


def _settings() -> Settings:
    """Those of the platform that was started last."""
    from stack.profile import platform_settings

    return platform_settings()


def _module(settings: Settings, name: str, arguments: list[str]) -> Launch:
    from stack.environment import child_environment

    return Launch([sys.executable, "-m", name, *arguments], child_environment(settings), settings.root)


def _become(launch: Launch) -> NoReturn:
    from stack.launch import become

    become(launch, os.getppid())
