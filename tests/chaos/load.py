"""A generator with a list of what Kafka acknowledged, and what there is of it in Kafka."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import orjson
from confluent_kafka import Consumer, Message, TopicPartition

from core import kafka
from core.settings import KafkaSettings, Settings
from stack.host.environment import child_environment
from stack.host.waiting import wait_until
from tests.ack_log import Acknowledged, read_ack_log

Place = tuple[int, int]
"""Partition and offset."""

STOP_TIMEOUT_S = 60


class Load:
    """`python -m generator --ack-log`, which a fault may kill; after a restart it appends to the list."""

    def __init__(self, settings: Settings, folder: Path, rate: int) -> None:
        self._settings = settings
        self._rate = rate
        self._list = folder / "acknowledged.tsv"
        self._log = folder / "load.log"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        shares = ("--invalid-share", "0.1", "--duplicate-share", "0.1", "--late-share", "0.05")
        command = [sys.executable, "-m", "generator", "--rate", str(self._rate), "--no-heartbeat", *shares]
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [*command, "--ack-log", str(self._list)],
                env=child_environment(self._settings),
                cwd=self._settings.root,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def kill(self) -> None:
        """`kill -9`."""
        assert self._process is not None, "started"
        os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()

    def stop(self) -> None:
        """Let it flush; everything that it sent must have been acknowledged."""
        assert self._process is not None, "started"
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
        assert self._process.wait(STOP_TIMEOUT_S) == 0, self._log.read_text(encoding="utf-8")[-2000:]

    def end(self) -> None:
        """Whatever state it is in."""
        if self._process is not None and self._process.poll() is None:
            self.kill()

    def acknowledged(self) -> dict[Place, Acknowledged]:
        """The lines of the list, by place; the part of a line that a kill left is none."""
        if not self._list.exists():
            return {}
        return {(line.partition, line.offset): line for line in read_ack_log(self._list)}

    def wait_for(self, more: int) -> None:
        """Return once so many more records are acknowledged."""
        wanted = len(self.acknowledged()) + more
        assert wait_until(lambda: len(self.acknowledged()) >= wanted, STOP_TIMEOUT_S), "no load arrives"


def records_in(settings: KafkaSettings) -> dict[Place, Message]:
    """Every record of the topic, by its place."""
    ends = kafka.end_offsets(settings, settings.topic)
    options: dict[str, str | bool] = {"group.id": "chaos", "enable.auto.commit": False}
    consumer = Consumer(kafka.client_config(settings, **options))
    consumer.assign([TopicPartition(settings.topic, partition, 0) for partition in ends])
    found: dict[Place, Message] = {}

    def complete() -> bool:
        for message in consumer.consume(10_000, timeout=0.2):
            assert message.error() is None, message.error()
            found[_place(message)] = message
        return len(found) >= sum(ends.values())

    try:
        assert wait_until(complete, 60), f"{len(found)} of {sum(ends.values())} records"
    finally:
        consumer.close()
    return found


def event_id(message: Message) -> str:
    """The id in the value of an accepted event."""
    return str(orjson.loads(message.value() or b"")["id"]).strip()


def _place(message: Message) -> Place:
    partition, offset = message.partition(), message.offset()
    assert partition is not None
    assert offset is not None
    return partition, offset
