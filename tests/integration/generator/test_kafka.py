"""The generator as people run it: a process, a real broker, a real database."""

import json
import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from statistics import median

import psycopg
import pytest
from confluent_kafka import Message

from core.errors import BrokerError
from core.kafka import create_topic, end_offsets
from core.settings import KafkaSettings, PostgresSettings, Settings
from core.topics import EVENTS_RAW
from generator.records import Kind
from stack.host.environment import child_environment
from stack.host.ports import free_ports
from stack.host.waiting import wait_until
from tests.ack_log import Acknowledged, read_ack_log
from tests.processes import Started
from tests.topics import read_records

LIMIT_S = 60.0
Place = tuple[int | None, int | None]


class Generator:
    """`python -m generator` with arguments, in a group of its own."""

    def __init__(self, settings: Settings, *arguments: str, stdin: int = subprocess.DEVNULL) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "generator", *arguments],
            env=child_environment(settings),
            stdin=stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def finish(self) -> tuple[int, str, str]:
        """Exit code, output and errors, once it has ended by itself."""
        output, errors = self.process.communicate(timeout=LIMIT_S)
        return self.process.returncode, output.strip(), errors

    def stop(self, number: signal.Signals = signal.SIGTERM) -> tuple[int, str, str]:
        """Send a signal and wait for the end."""
        self.process.send_signal(number)
        return self.finish()


@pytest.fixture
def started(settings: Settings) -> Iterator[list[Generator]]:
    """Generators to end, whatever the test did."""
    running: list[Generator] = []
    yield running
    for generator in running:
        if generator.process.poll() is None:
            os.killpg(generator.process.pid, signal.SIGKILL)
        generator.process.communicate()


def total(broker: KafkaSettings, topic: str) -> int:
    return sum(end_offsets(broker, topic).values())


def test_what_is_listed_is_what_kafka_has(
    settings: Settings, broker: KafkaSettings, topic: str, tmp_path: Path, started: list[Generator]
) -> None:
    log = tmp_path / "sent.tsv"
    shares = ("--invalid-share", "0.2", "--duplicate-share", "0.1", "--late-share", "0.1")
    run = (
        "--topic",
        topic,
        "--max",
        "--count",
        "5000",
        "--seed",
        "1",
        "--no-heartbeat",
        "--ack-log",
        str(log),
    )
    started.append(Generator(settings, *run, *shares))
    code, output, errors = started[0].finish()
    assert (code, output) == (0, "5000 records acknowledged, 0 not acknowledged"), errors

    listed: dict[Place, Acknowledged] = {(line.partition, line.offset): line for line in read_ack_log(log)}
    messages = {
        (message.partition(), message.offset()): message for message in read_records(broker, topic, 5000)
    }
    assert listed.keys() == messages.keys()
    assert len(listed) == 5000
    counts = Counter(line.kind for line in listed.values())
    assert counts[Kind.INVALID] == pytest.approx(1000, abs=150)
    assert counts[Kind.DUPLICATE] == pytest.approx(500, abs=120)
    _check_ids(listed, messages)


def _check_ids(listed: dict[Place, Acknowledged], messages: dict[Place, Message]) -> None:
    originals: set[str] = set()
    for place, line in sorted(listed.items(), key=lambda item: (item[1].partition, item[1].offset)):
        if line.kind is Kind.INVALID:
            assert line.reason is not None
            continue
        event = json.loads(messages[place].value() or b"")
        assert event["id"] == line.event_id
        assert messages[place].key() == event["orderId"].encode()
        assert (line.kind is Kind.DUPLICATE) == (event["id"] in originals)
        originals.add(event["id"])


def test_the_rate_is_kept_and_a_stop_is_clean(
    settings: Settings, broker: KafkaSettings, topic: str, started: list[Generator]
) -> None:
    started.append(Generator(settings, "--topic", topic, "--rate", "200", "--no-heartbeat"))
    assert wait_until(lambda: total(broker, topic) >= 1600, LIMIT_S)
    code, output, errors = started[0].stop()
    assert code == 0, errors
    assert output == f"{total(broker, topic)} records acknowledged, 0 not acknowledged"
    seconds = Counter(message.timestamp()[1] // 1000 for message in read_records(broker, topic, 1600))
    full = [count for _, count in sorted(seconds.items())][1:-1]
    assert median(full) == pytest.approx(200, rel=0.25), full


def test_the_database_sees_the_heartbeat_and_sets_the_rate(
    settings: Settings,
    topic: str,
    database: PostgresSettings,
    connection: psycopg.Connection[tuple[object, ...]],
    started: list[Generator],
) -> None:
    def progress(name: str) -> float:
        row = connection.execute(
            "SELECT (progress ->> %s)::float FROM ops.heartbeat WHERE name = 'generator'", (name,)
        ).fetchone()
        return float(str(row[0])) if row and row[0] is not None else 0.0

    started.append(
        Generator(settings.model_copy(update={"postgres": database}), "--topic", topic, "--rate", "2")
    )
    assert wait_until(lambda: progress("rate_wanted") == 2, LIMIT_S)
    connection.execute("UPDATE ops.service SET rate = 300 WHERE name = 'generator'")
    assert wait_until(lambda: 240 < progress("rate_reached") < 360, LIMIT_S), progress("rate_reached")
    connection.execute("UPDATE ops.service SET rate = NULL WHERE name = 'generator'")
    assert wait_until(lambda: progress("rate_wanted") == 2, LIMIT_S)

    row = connection.execute("SELECT pid FROM ops.heartbeat WHERE name = 'generator'").fetchone()
    assert row == (started[0].process.pid,)
    code, output, _ = started[0].stop(signal.SIGINT)
    assert code == 0
    assert output.startswith(f"{int(progress('acknowledged'))} records acknowledged"), (
        "the last beat says how it ended"
    )


def test_without_a_database_it_continues_and_reports_it_once(
    settings: Settings, broker: KafkaSettings, topic: str, started: list[Generator]
) -> None:
    nowhere = settings.postgres.model_copy(update={"port": 1})
    started.append(
        Generator(
            settings.model_copy(update={"postgres": nowhere}),
            "--topic",
            topic,
            "--rate",
            "50",
            "--count",
            "200",
        )
    )
    code, output, errors = started[0].finish()
    assert (code, output) == (0, "200 records acknowledged, 0 not acknowledged")
    assert errors.count("heartbeat.database_away") == 1
    assert total(broker, topic) == 200


def test_a_missing_topic_is_reported(
    settings: Settings, broker: KafkaSettings, started: list[Generator]
) -> None:
    started.append(Generator(settings, "--topic", "nowhere", "--no-heartbeat"))
    code, _, errors = started[0].finish()
    assert code == 1
    assert "The topic nowhere does not exist" in errors
    assert "Traceback" not in errors


def test_replay_sends_every_line_as_it_is(
    settings: Settings, broker: KafkaSettings, topic: str, tmp_path: Path, started: list[Generator]
) -> None:
    lines = ['{"id":"a","eventTime":"2020-01-01T00:00:00Z","orderId":"ORD1"}', "not json", '{"id":"b"}']
    path = tmp_path / "events.jsonl"
    path.write_text("\n".join(lines), encoding="utf-8")
    options = ("--topic", topic, "--speed", "max", "--keep-times", "--no-heartbeat")
    started.append(Generator(settings, "replay", str(path), *options))
    code, output, errors = started[0].finish()
    assert (code, output) == (0, "3 records acknowledged, 0 not acknowledged"), errors
    assert {(message.value() or b"").decode() for message in read_records(broker, topic, 3)} == set(lines)


def test_replay_of_standard_input_sends_before_the_input_ends_and_can_be_stopped(
    settings: Settings, broker: KafkaSettings, topic: str, started: list[Generator]
) -> None:
    started.append(
        Generator(settings, "replay", "-", "--topic", topic, "--no-heartbeat", stdin=subprocess.PIPE)
    )
    stdin = started[0].process.stdin
    assert stdin is not None
    stdin.write('{"id":"a"}\n')
    stdin.flush()
    assert wait_until(lambda: total(broker, topic) == 1, LIMIT_S)
    started[0].process.send_signal(signal.SIGTERM)
    assert started[0].process.wait(LIMIT_S) == 0


@pytest.mark.slow
def test_a_broker_that_goes_away_loses_nothing(
    settings: Settings, tmp_path: Path, started: list[Generator]
) -> None:
    own = _own_broker(settings, tmp_path)
    log = tmp_path / "sent.tsv"
    with Started(own, "kafka", tmp_path, signal.SIGTERM) as broker:
        broker.wait(lambda: _created(own, "chaos"))
        started.append(
            Generator(own, "--topic", "chaos", "--rate", "100", "--no-heartbeat", "--ack-log", str(log))
        )
        assert wait_until(lambda: _listed(log) > 100, LIMIT_S)
        broker.kill()
        before = _listed(log)
        broker.start()
        assert wait_until(lambda: _listed(log) > before + 100, LIMIT_S)
        code, output, errors = started[0].stop()
        assert code == 0, errors
        kept = {
            (message.partition(), message.offset())
            for message in read_records(own.kafka, "chaos", _listed(log))
        }
    listed = [(line.partition, line.offset) for line in read_ack_log(log)]
    assert output == f"{len(listed)} records acknowledged, 0 not acknowledged"
    assert len(set(listed)) == len(listed)
    assert set(listed) <= kept


def _own_broker(settings: Settings, folder: Path) -> Settings:
    """Settings of a broker that the test may kill."""
    port, controller_port = free_ports(2)
    return settings.model_copy(
        update={
            "kafka": settings.kafka.model_copy(update={"bootstrap_servers": f"localhost:{port}"}),
            "stack": settings.stack.model_copy(
                update={"data_dir": folder / "data", "kafka_controller_port": controller_port}
            ),
        }
    )


def _created(own: Settings, topic: str) -> bool:
    try:
        create_topic(own.kafka, EVENTS_RAW, topic)
    except BrokerError:
        return False
    return True


def _listed(log: Path) -> int:
    return sum(1 for _ in read_ack_log(log)) if log.exists() else 0
