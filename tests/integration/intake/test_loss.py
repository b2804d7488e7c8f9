"""Nothing that intake acknowledged is lost: intake and the broker are killed while senders send."""

import json
import signal
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from uuid import uuid4

import httpx

from core.errors import BrokerError
from core.kafka import create_topic
from core.schemas import event_schema
from core.settings import Settings
from core.topics import EVENTS_RAW
from stack.host.ports import free_ports
from stack.host.waiting import wait_until
from tests.intake.process import AUTHORIZED, IntakeProcess, written
from tests.processes import Started

EVENT = event_schema()["examples"][0]
SENDERS = 4
LIMIT_S = 60.0


class Senders:
    """Programs that send event after event until they are told to stop, each again until it is acknowledged."""

    def __init__(self, address: str) -> None:
        self.acknowledged: list[str] = []
        self.unavailable = 0
        self._address = address
        self._ended = threading.Event()

    def run(self) -> None:
        """Send."""
        with httpx.Client(base_url=self._address, timeout=30, trust_env=False) as client:
            while not self._ended.is_set():
                event = EVENT | {"id": str(uuid4()), "orderId": f"ORD{len(self.acknowledged)}"}
                while not self._ended.is_set() and not self._send(client, event):
                    self._ended.wait(0.05)

    def end(self) -> None:
        """Let them end."""
        self._ended.set()

    def _send(self, client: httpx.Client, event: dict[str, object]) -> bool:
        try:
            answer = client.post("/v1/events", content=json.dumps(event), headers=AUTHORIZED)
        except httpx.HTTPError:
            return False
        if answer.status_code == 200:
            self.acknowledged.append(str(event["id"]))
            return True
        assert answer.status_code == 503, answer.text
        assert int(answer.headers["retry-after"]) > 0
        self.unavailable += 1
        return False

    def wait_for(self, more: int) -> None:
        """Return when so many further events are acknowledged."""
        wanted = len(self.acknowledged) + more
        assert wait_until(lambda: len(self.acknowledged) >= wanted, LIMIT_S), len(self.acknowledged)


def test_nothing_acknowledged_is_lost(settings: Settings, jars: None, tmp_path: Path) -> None:
    own = _own_broker(settings, tmp_path)
    with Started(own, "kafka", tmp_path, signal.SIGTERM) as broker:
        broker.wait(lambda: _created(own))
        with IntakeProcess(own, tmp_path, ack_timeout_s=1.0) as intake:
            assert intake.client.get("/healthz").status_code == 200
            senders = Senders(intake.address)
            with ThreadPoolExecutor(SENDERS) as pool:
                running = [pool.submit(senders.run) for _ in range(SENDERS)]
                try:
                    senders.wait_for(200)
                    intake.kill()
                    intake.start()
                    senders.wait_for(200)
                    broker.kill()
                    assert wait_until(lambda: senders.unavailable > SENDERS, LIMIT_S)
                    assert intake.client.get("/healthz").status_code == 503
                    broker.start()
                    senders.wait_for(200)
                finally:
                    senders.end()
            for each in running:
                each.result()
            intake.stop()
            assert '"waiting": 0, "event": "intake.stopped"' in intake.log()
        kept = {json.loads(record.value() or b"")["id"] for record in written(own.kafka, own.kafka.topic)}
    assert len(senders.acknowledged) >= 600
    assert set(senders.acknowledged) <= kept


def _own_broker(settings: Settings, folder: Path) -> Settings:
    """Settings of a broker that the test may kill."""
    port, controller_port = free_ports(2)
    kafka = {"bootstrap_servers": f"localhost:{port}"}
    stack = {"data_dir": folder / "data", "kafka_controller_port": controller_port}
    return settings.model_copy(
        update={
            "kafka": settings.kafka.model_copy(update=kafka),
            "stack": settings.stack.model_copy(update=stack),
        }
    )


def _created(own: Settings) -> bool:
    try:
        create_topic(own.kafka, EVENTS_RAW, own.kafka.topic)
    except BrokerError:
        return False
    return True
