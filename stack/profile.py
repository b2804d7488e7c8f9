"""The settings of the platform on this machine, by profile.

`cluster` and `security` derive other settings (addresses, replicas, users), and have separate data.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel

from core.errors import StackError
from core.settings import Settings, load_settings
from stack.host.locks import holder
from stack.secure.identities import secured

Kind = Literal["local", "cluster"]


@dataclass(frozen=True, slots=True)
class Profile:
    """A platform of this checkout: local or a small cluster, open or secured."""

    kind: Kind
    secure: bool

    @property
    def folder(self) -> str:
        """Name of its folder in the data folder; empty for the open local one."""
        kind = "cluster" if self.kind == "cluster" else ""
        return "-".join(part for part in (kind, "secure" if self.secure else "") if part)

    def __str__(self) -> str:
        return f"{self.kind}, secured" if self.secure else self.kind


def platform_settings(
    kind: Kind | None = None, *, secure: bool | None = None, starts: bool = False
) -> Settings:
    """The settings with those derived from the profile.

    Arguments take precedence over settings; if neither is given, the profile is that of
    the last `up`, unless this is one (`starts`). Raises `StackError` if another profile is running.
    """
    base = load_settings()
    wanted = _wanted(base, kind, secure, starts=starts)
    if starts:
        _refuse_a_second(base, wanted)
    return applied(base, wanted)


def remember(settings: Settings) -> None:
    """Store the started profile for later commands."""
    base = load_settings()
    profile = Profile(settings.stack.profile, settings.stack.security == "on")
    base.data_dir.mkdir(parents=True, exist_ok=True)
    _note(base).write_text(f"{profile.kind} {'on' if profile.secure else 'off'}\n", encoding="utf-8")


def _wanted(base: Settings, kind: Kind | None, secure: bool | None, *, starts: bool) -> Profile:
    said = Profile(base.stack.profile, base.stack.security == "on")
    if not starts and said == Profile("local", secure=False):
        said = _remembered(base) or said
    return Profile(kind or said.kind, said.secure if secure is None else secure)


def _remembered(base: Settings) -> Profile | None:
    try:
        kind, security = _note(base).read_text(encoding="utf-8").split()
    except (FileNotFoundError, ValueError):
        return None
    return Profile("cluster" if kind == "cluster" else "local", security == "on")


def _refuse_a_second(base: Settings, wanted: Profile) -> None:
    running = _remembered(base)
    if running is None or running == wanted:
        return
    if holder(applied(base, running), "supervisord") is not None:
        raise StackError(f"The platform runs with the profile '{running}'. Run `orderpulse down` first.")


def _note(base: Settings) -> Path:
    return base.data_dir / "profile"


def applied(base: Settings, profile: Profile) -> Settings:
    """`base` with the settings derived from `profile`; idempotent."""
    settings = base
    if profile.folder and base.data_dir.name != profile.folder:
        settings = _with(
            settings,
            stack={"data_dir": base.stack.data_dir / profile.folder},
            stream={"checkpoint_dir": base.stream.checkpoint_dir.with_name(profile.folder)},
        )
    settings = _with(settings, stack={"profile": profile.kind, "security": "on" if profile.secure else "off"})
    if profile.kind == "cluster":
        settings = _clustered(settings)
    return secured(settings) if profile.secure else settings


def _clustered(settings: Settings) -> Settings:
    cluster = settings.cluster
    host, port = settings.kafka.addresses()[0]
    brokers = ",".join(f"{host}:{port}" for port in (port, cluster.kafka_2_port, cluster.kafka_3_port))
    return _with(
        settings,
        kafka={"bootstrap_servers": brokers, "replication_factor": 3, "min_insync_replicas": 2},
        stream={"master": f"spark://localhost:{cluster.spark_master_port}"},
        api={"replica_host": settings.postgres.host, "replica_port": cluster.replica_port},
    )


def _with(settings: Settings, **groups: dict[str, Any]) -> Settings:
    """The settings with fields of some groups replaced."""
    changed: dict[str, BaseModel] = {
        name: getattr(settings, name).model_copy(update=fields) for name, fields in groups.items()
    }
    return settings.model_copy(update=changed)
