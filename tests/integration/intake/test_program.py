"""Intake as the process manager starts it, and its health as `orderpulse status` shows it."""

import signal
from pathlib import Path

from core.settings import KafkaSettings, Settings
from stack.host.ports import free_ports
from stack.local.health import health
from tests.processes import Started


def test_status_shows_whether_it_can_acknowledge(
    settings: Settings, broker: KafkaSettings, tmp_path: Path
) -> None:
    port, closed = free_ports(2)
    own = settings.model_copy(
        update={"kafka": broker, "intake": settings.intake.model_copy(update={"port": port})}
    )
    assert health(own, "intake", None).startswith("starting")
    with Started(own, "intake", tmp_path, signal.SIGTERM) as started:
        started.wait(lambda: health(own, "intake", started.pid) == "healthy")
    away = own.model_copy(
        update={"kafka": broker.model_copy(update={"bootstrap_servers": f"localhost:{closed}"})}
    )
    with Started(away, "intake", tmp_path, signal.SIGTERM) as started:
        started.wait(lambda: health(away, "intake", started.pid) == "unhealthy: it answers 503")
