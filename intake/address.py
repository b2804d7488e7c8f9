"""Where a source's sender sends to."""

from core.settings import Settings


def source_address(settings: Settings, name: str) -> str:
    """The public address of a source."""
    base = settings.intake.public_url or f"http://localhost:{settings.intake.port}"
    return f"{base.rstrip('/')}/v1/sources/{name}"
