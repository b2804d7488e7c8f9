"""`python -m intake` as a process of a test, and what it wrote to Kafka."""

from pathlib import Path
from types import TracebackType

import httpx
from confluent_kafka import Message

from core.kafka import end_offsets
from core.settings import KafkaSettings, Settings
from intake.received import Received
from intake.secrets import CERTIFICATES, Secrets, write_secret
from stack.host.ports import free_ports
from tests.intake.senders import PAYPAL, SECRETS
from tests.processes import Server
from tests.topics import read_records

KEY = "the-key-of-a-shop"
AUTHORIZED = {"Authorization": f"Bearer {KEY}", "Content-Type": "application/json"}


class IntakeProcess(Server):
    """Intake with `settings` on a free port, with secrets of every source."""

    def __init__(self, settings: Settings, folder: Path, **changes: object) -> None:
        port = free_ports(1)[0]
        own = {"port": port, "secrets_dir": folder / "secrets", "sources_dir": folder / "sources"}
        updated = settings.model_copy(update={"intake": settings.intake.model_copy(update=own | changes)})
        super().__init__("intake", updated, port, "/metrics", folder)
        secrets = Secrets(self.settings)
        for name, secret in SECRETS.items():
            write_secret(secrets.source_file(name), f"{secret}\n".encode())
        write_secret(secrets.source_file("paypal" + CERTIFICATES), PAYPAL.certificate)
        write_secret(secrets.sender_file("shop"), f"{KEY}\n".encode())
        self.client = httpx.Client(base_url=self.address, timeout=30, trust_env=False)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.client.close()
        super().__exit__(kind, error, trace)

    def send(self, name: str, message: Received) -> httpx.Response:
        """Send a message to a source, as its sender does."""
        method = "GET" if message.query else "POST"
        path = f"/v1/sources/{name}" + (f"?{message.query}" if message.query else "")
        return self.client.request(method, path, content=message.body, headers=dict(message.headers))

    def figures(self) -> dict[str, float]:
        """What `/metrics` says, by series."""
        lines = self.client.get("/metrics").text.splitlines()
        return {
            name: float(value)
            for name, _, value in (line.rpartition(" ") for line in lines if line[0] != "#")
        }


def written(broker: KafkaSettings, topic: str) -> list[Message]:
    """All records of a topic."""
    return read_records(broker, topic, sum(end_offsets(broker, topic).values()))
