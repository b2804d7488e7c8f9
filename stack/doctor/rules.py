"""Findings by the rules of production, and on who may read the files with secrets."""

from collections.abc import Iterator
from pathlib import Path

from core.production import check_rules, too_open
from core.settings import Environment, Settings
from stack.doctor.finding import Finding, fine, problem
from stack.secure.identities import secrets_dir


def rules(settings: Settings) -> Iterator[Finding]:
    """One finding per rule in production; elsewhere a single one, since unsafe settings are intended there."""
    found = list(check_rules(settings))
    if settings.environment is Environment.PRODUCTION:
        for each in found:
            yield (fine if each.ok else problem)(each.setting, each.text)
        return
    refused = [each.setting for each in found if not each.ok]
    said = f"valid for {settings.environment.value}"
    yield fine("settings", f"{said}; production would refuse {', '.join(refused)}" if refused else said)


def files(settings: Settings) -> Iterator[Finding]:
    """A finding on the passwords and private keys that the platform created, if there are any."""
    for subject, paths in (("passwords", _passwords(settings)), ("private keys", _keys(settings))):
        if not paths:
            continue
        faults = [f"{path} {fault}" for path in paths if (fault := too_open(path))]
        if faults:
            yield problem(subject, "; ".join(faults))
        else:
            yield fine(subject, f"{len(paths)} files in {paths[0].parent}, closed to others")


def _passwords(settings: Settings) -> list[Path]:
    return _in(secrets_dir(settings))


def _keys(settings: Settings) -> list[Path]:
    return [path for path in _in(settings.data_dir / "certificates") if b"PRIVATE KEY" in path.read_bytes()]


def _in(folder: Path) -> list[Path]:
    return sorted(path for path in folder.glob("*") if path.is_file()) if folder.is_dir() else []
