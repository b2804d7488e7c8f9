"""The commands `orderpulse backup` and `orderpulse restore`; docs/backup.md."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from core.clock import to_iso8601
from core.errors import StackError
from core.settings import Settings
from stack.profile import platform_settings

if TYPE_CHECKING:
    from stack.backup.manifest import Manifest
    from stack.screen import Screen

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
        int | None,
        typer.Option(min=1, help="Afterwards, remove all but this many of the newest backups there."),
    ] = None,
) -> None:
    """Back up the database: events, KPIs, rejected records and the ledger, from one snapshot.

    The platform keeps running. The backup is a folder named by the time, with a dump and a manifest, readable
    only by you. It contains what the stream has read until then; later records are still in Kafka.

        orderpulse backup --keep 7

        orderpulse backup verify backups/20260301T090000Z

        orderpulse restore backups/20260301T090000Z
    """
    if context.invoked_subcommand is not None:
        return
    from stack.backup.backups import backup_home, make_backup, prune
    from stack.screen import Screen

    settings, screen = platform_settings(), Screen()
    place = _absolute(home) or backup_home(settings)
    folder, manifest = make_backup(settings, place, screen)
    for old in prune(place, keep) if keep else []:
        screen.say(f"  removed {old}")
    screen.say(f"{folder}: {_description(manifest)}")


@app.command(name="list")
def list_command(home: Home = None) -> None:
    """List the complete backups, newest first."""
    from stack.backup.backups import backup_home, backups_in

    place = _absolute(home) or backup_home(platform_settings())
    found = backups_in(place)
    for folder, manifest in found:
        print(f"{folder}: {_description(manifest)}")
    if not found:
        print(f"There is no backup in {place}; `orderpulse backup` creates one.")


@app.command()
def verify(folder: Path) -> None:
    """Verify a backup's size, checksum and contents. The current database is not used."""
    from stack.backup.backups import verify_backup

    manifest = verify_backup(platform_settings(), folder)
    print(f"{folder} is whole: {_description(manifest)}")


def restore(
    folder: Annotated[Path | None, typer.Argument(help="The backup: a folder with a manifest.")] = None,
    *,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask for confirmation.")] = False,
    accept_loss: Annotated[
        bool,
        typer.Option(
            "--accept-loss", help="Continue although Kafka no longer has all records since the backup."
        ),
    ] = False,
    views: Annotated[bool, typer.Option(help="Also build the dbt views.")] = True,
    discard: Annotated[
        bool, typer.Option("--discard", help="Only drop the databases kept by earlier restores.")
    ] = False,
) -> None:
    """Replace the database by a backup; the stream then reads all later records from Kafka.

    Only the servers may run:

        orderpulse down

        orderpulse up --only postgres,kafka

        orderpulse restore backups/20260301T090000Z

        orderpulse up

    The former database is kept under another name until --discard.
    """
    from stack.backup import restore as work
    from stack.backup.plan import plan_restore
    from stack.screen import Screen

    settings, screen = platform_settings(), Screen()
    if discard:
        _discard(settings, screen)
    if folder is None:
        if discard:
            return
        raise StackError("Which backup? `orderpulse backup list` lists them.")
    plan = plan_restore(settings, folder, screen)
    for line in plan.words(settings.postgres.database):
        screen.say(line)
    if plan.lost:
        _print_losses(plan.lost, screen, accepted=accept_loss)
    if not yes:
        typer.confirm("Restore it?", abort=True)
    kept = work.restore(settings, plan, screen, views=views)
    if kept is not None:
        screen.say(f"The former database is kept as {kept}; `orderpulse restore --discard` drops it.")
    screen.say("Restored. `orderpulse up` starts the stream, which reads the records since the backup.")


def _discard(settings: Settings, screen: "Screen") -> None:
    from stack.backup.restore import discard

    dropped = discard(settings)
    screen.say(f"Dropped {', '.join(dropped)}." if dropped else "There is no database kept by a restore.")


def _print_losses(lost: tuple[str, ...], screen: "Screen", *, accepted: bool) -> None:
    for words in lost:
        screen.say(f"LOST FOREVER, in neither the backup nor Kafka: {words}.")
    if not accepted:
        raise StackError(
            "Records that were acknowledged would be missing. A newer backup may have them (`orderpulse backup list`). "
            "If there is none, --accept-loss continues without them and records the loss as an alert."
        )


def _description(manifest: "Manifest") -> str:
    newest = f", newest event {to_iso8601(manifest.newest)}" if manifest.newest else ""
    rows = f"{sum(manifest.rows.values()):,} rows, {manifest.dump_bytes / 1e6:,.1f} MB"
    return f"created {to_iso8601(manifest.made_at)}, {rows}{newest}, revision {manifest.revision}"


def _absolute(path: Path | None) -> Path | None:
    return None if path is None else path.absolute()
