"""The settings by the rules of production, and who else may read the files with secrets."""

from collections.abc import Iterator
from pathlib import Path

from core.production import too_open, verdicts
from core.settings import Environment, Settings
from stack.doctor.finding import Finding, fine, problem
from stack.identities import secrets_dir

__all__ = ["files", "rules"]


def rules(settings: Settings) -> Iterator[Finding]:
    """Each rule in production; elsewhere one line, for what production would refuse is as intended there."""
    found = list(verdicts(settings))
    if settings.environment is Environment.PRODUCTION:
        for each in found:
            yield (fine if each.well else problem)(each.setting, each.said)
        return
    refused = [each.setting for each in found if not each.well]
    said = f"fit for {settings.environment.value}"
    yield fine("settings", f"{said}; production would refuse {', '.join(refused)}" if refused else said)


def files(settings: Settings) -> Iterator[Finding]:
    """The passwords and private keys that the platform made for itself; nothing where it made none."""
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
