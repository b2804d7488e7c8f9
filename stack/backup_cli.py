"""The commands `orderpulse backup` and `orderpulse restore`; docs/backup.md."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from core.clock import to_iso8601
from core.errors import StackError
from core.settings import Settings

if TYPE_CHECKING:
    from stack.backup_manifest import Manifest
    from stack.screen import Screen

__all__ = ["app", "restore"]

app = typer.Typer()

Home = Annotated[
    Path | None,
    typer.Option("--dir", help="Folder of the backups; by default `backups` in the project's root."),
]


@app.callback(invoke_without_command=True)
def backup(
    context: typer.Context,
    home: Home = None,
    keep: Annotated[
        int | None, typer.Option(min=1, help="Then remove all but so many of the newest backups there.")
    ] = None,
) -> None:
    """Keep a copy of the database: events, KPIs, rejected records and the ledger, of one moment.

    The platform goes on meanwhile. The copy is a folder named by the time, with a dump and a manifest; it can
    be read by you alone. It holds what the stream has read until then; what comes later is still in Kafka.

        orderpulse backup --keep 7

        orderpulse backup verify backups/20260301T090000Z

        orderpulse restore backups/20260301T090000Z
    """
    if context.invoked_subcommand is not None:
        return
    from stack.backup import backup_home, make_backup, prune
    from stack.screen import Screen

    settings, screen = _settings(), Screen()
    place = _absolute(home) or backup_home(settings)
    folder, manifest = make_backup(settings, place, screen)
    for old in prune(place, keep) if keep else []:
        screen.say(f"  removed {old}")
    screen.say(f"{folder}: {_words(manifest)}")


@app.command(name="list")
def list_command(home: Home = None) -> None:
    """The whole backups that there are, the newest first."""
    from stack.backup import backup_home, backups_in

    place = _absolute(home) or backup_home(_settings())
    found = backups_in(place)
    for folder, manifest in found:
        print(f"{folder}: {_words(manifest)}")
    if not found:
        print(f"There is no backup in {place}; `orderpulse backup` makes one.")


@app.command()
def verify(folder: Path) -> None:
    """Is the backup whole? Its size, its checksum, its contents. The present database is not looked at."""
    from stack.backup import verify_backup

    manifest = verify_backup(_settings(), folder)
    print(f"{folder} is whole: {_words(manifest)}")


def restore(
    folder: Annotated[Path | None, typer.Argument(help="The backup: a folder with a manifest.")] = None,
    *,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    accept_loss: Annotated[
        bool,
        typer.Option(
            "--accept-loss", help="Go on although Kafka no longer has all that came after the backup."
        ),
    ] = False,
    views: Annotated[bool, typer.Option(help="Build the dbt views as well.")] = True,
    discard: Annotated[
        bool, typer.Option("--discard", help="Only drop the databases that earlier restores have kept.")
    ] = False,
) -> None:
    """Put a backup in place of the database; the stream then reads from Kafka all that came after it.

    The servers must run, and nothing else:

        orderpulse down

        orderpulse up --only postgres,kafka

        orderpulse restore backups/20260301T090000Z

        orderpulse up

    The former database is kept under another name until --discard.
    """
    from stack import restore as work
    from stack.restore_plan import plan_restore
    from stack.screen import Screen

    settings, screen = _settings(), Screen()
    if discard:
        _discard(settings, screen)
    if folder is None:
        if discard:
            return
        raise StackError("Which backup? `orderpulse backup list` shows those there are.")
    plan = plan_restore(settings, folder, screen)
    for line in plan.words(settings.postgres.database):
        screen.say(line)
    if plan.lost:
        _say_lost(plan.lost, screen, accepted=accept_loss)
    if not yes:
        typer.confirm("Restore it?", abort=True)
    kept = work.restore(settings, plan, screen, views=views)
    if kept is not None:
        screen.say(f"The former database is kept as {kept}; `orderpulse restore --discard` drops it.")
    screen.say("Restored. `orderpulse up` starts the stream, which reads what came after the backup.")


def _discard(settings: Settings, screen: "Screen") -> None:
    from stack.restore import discard

    dropped = discard(settings)
    screen.say(f"Dropped {', '.join(dropped)}." if dropped else "No database was kept by a restore.")


def _say_lost(lost: tuple[str, ...], screen: "Screen", *, accepted: bool) -> None:
    for words in lost:
        screen.say(f"LOST FOR EVER, in neither the backup nor Kafka: {words}.")
    if not accepted:
        raise StackError(
            "Records that were acknowledged would be missing. A newer backup may have them (`orderpulse backup list`). "
            "If there is none, --accept-loss goes on without them and records the loss as an alert."
        )


def _words(manifest: "Manifest") -> str:
    newest = f", newest event {to_iso8601(manifest.newest)}" if manifest.newest else ""
    rows = f"{sum(manifest.rows.values()):,} rows, {manifest.dump_bytes / 1e6:,.1f} MB"
    return f"made {to_iso8601(manifest.made_at)}, {rows}{newest}, revision {manifest.revision}"


def _absolute(path: Path | None) -> Path | None:
    return None if path is None else path.absolute()


def _settings() -> Settings:
    """Those of the platform that was started last."""
    from stack.profile import platform_settings

    return platform_settings()
