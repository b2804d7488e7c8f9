"""Backup and restore of a database with a ledger, beside a real broker; without Spark."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from confluent_kafka import Producer, TopicPartition
from psycopg import sql

from control.checkpoints import begins_at_ledger
from core import kafka, postgres
from core.errors import DatabaseError, StackError
from core.settings import KafkaSettings, PostgresSettings, Settings
from database import known_revisions, migrate, reconcile
from database.resume import EARLIEST
from database.retention import advance_mark
from stack.backup.backups import make_backup, verify_backup
from stack.backup.manifest import DUMP, Manifest, read_manifest, write_manifest
from stack.backup.plan import plan_restore
from stack.backup.restore import discard, restore
from stack.screen import Screen
from stack.servers.postgres import databases
from stack.servers.postgres.server import ensure_database
from tests.checkpoints import write_checkpoint
from tests.platform_rows import QUERY_IDS, current_revision

NOW = datetime.now(UTC).replace(microsecond=0)
DONE = {"events_clean": {"0": 4, "1": 2, "2": 0}, "kpi_1m": {"0": 3, "1": 2, "2": 0}}
EVENT = """
    INSERT INTO events_clean (id, event_time, event_type, order_id, user_id, amount, currency, status)
    VALUES (%s, %s, 'payment_success', 'ORD1', 'USR1', 12.34, 'USD', 'success')
"""
BATCH = """
    INSERT INTO ops.stream_batch (
        query_id, batch_id, query_name, offsets_from, offsets_to, records_read, records_written,
        records_duplicate, records_rejected, records_dropped_by_watermark, max_event_time, durations_ms
    ) VALUES (%s, 0, %s, '{}', %s, 6, 6, 0, 0, 0, %s, '{}')
"""


@dataclass(frozen=True)
class World:
    """A database with six events of five records each partition, and backups of it."""

    settings: Settings
    home: Path

    def backup(self) -> Path:
        return make_backup(self.settings, self.home, Screen())[0]

    def restore(self, folder: Path) -> str | None:
        plan = plan_restore(self.settings, folder, Screen())
        return restore(self.settings, plan, Screen(), views=False)

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        with postgres.connect(self.settings.postgres, autocommit=True) as connection:
            return connection.execute(query.encode()).fetchall()

    def do(self, statement: str) -> None:
        with postgres.connect(self.settings.postgres, autocommit=True) as connection:
            connection.execute(statement.encode())

    def delete_records(self, before: dict[int, int]) -> None:
        """Let Kafka forget the records before an offset."""
        topic = self.settings.kafka.topic
        client = kafka.admin_client(self.settings.kafka)
        wanted = [TopicPartition(topic, partition, offset) for partition, offset in before.items()]
        for future in client.delete_records(wanted).values():
            future.result()


@pytest.fixture
def world(
    settings: Settings, database: PostgresSettings, broker: KafkaSettings, topic: str, tmp_path: Path
) -> Iterator[World]:
    stream = settings.stream.model_copy(update={"checkpoint_dir": tmp_path / "checkpoints"})
    own = settings.model_copy(
        update={
            "postgres": database,
            "kafka": broker.model_copy(update={"topic": topic}),
            "stream": stream,
        }
    )
    producer = Producer(kafka.client_config(own.kafka, acks="all"))
    for partition in range(3):
        for _ in range(5):
            producer.produce(topic, b"{}", partition=partition)
    assert producer.flush(10) == 0
    with postgres.connect(database, autocommit=True) as connection:
        for number in range(6):
            connection.execute(EVENT.encode(), (f"event-{number}", NOW))
        for name, offsets in DONE.items():
            connection.execute(BATCH.encode(), (QUERY_IDS[name], name, json.dumps(offsets), NOW))
    yield World(own, tmp_path / "backups")
    discard(own)


EVENTS = "SELECT id, event_time, amount, ingest_time FROM events_clean ORDER BY id"


def test_what_was_kept_comes_back_and_the_former_database_stays_until_it_is_discarded(world: World) -> None:
    before, ledger = world.rows(EVENTS), world.rows("SELECT * FROM ops.stream_batch ORDER BY query_name")
    folder = world.backup()
    world.do("DELETE FROM events_clean WHERE id <> 'event-0'")
    world.do("DELETE FROM ops.stream_batch")
    with postgres.connect(world.settings.postgres, autocommit=True) as reader:
        kept = world.restore(folder)
        with pytest.raises(postgres.TRANSIENT_ERRORS):
            reader.execute("SELECT 1")
    assert world.rows(EVENTS) == before
    assert world.rows("SELECT * FROM ops.stream_batch ORDER BY query_name") == ledger
    with databases.administration(world.settings) as connection:
        assert databases.kept_databases(connection, world.settings.postgres.database) == [kept]
    former = replace(world, settings=databases.of_database(world.settings, str(kept)))
    assert former.rows("SELECT count(*) FROM events_clean") == [(1,)]
    assert discard(world.settings) == [kept]
    assert discard(world.settings) == []


def test_a_restored_database_is_like_a_migrated_one(world: World) -> None:
    """Indexes, rights and sequences; no views, which are dbt's; and its KPIs are those of its events, though the
    queries were apart.
    """
    world.do("CREATE VIEW v_kpi_15m AS SELECT count(*) FROM kpi_1m")
    indexes = "SELECT indexdef FROM pg_indexes WHERE schemaname IN ('public', 'ops') ORDER BY 1"
    rights = """
        SELECT table_schema, table_name, grantee, privilege_type FROM information_schema.role_table_grants
        WHERE table_schema IN ('public', 'ops') AND table_name <> 'v_kpi_15m' ORDER BY 1, 2, 3, 4
    """
    world.do("INSERT INTO ops.alert (incident, title, text) VALUES ('a', 't', 'x')")
    world.do("UPDATE ops.service SET desired = 'stopped', reason = 'a person' WHERE name = 'generator'")
    wanted = world.rows(indexes), world.rows(rights)
    world.restore(world.backup())
    assert (world.rows(indexes), world.rows(rights)) == wanted
    assert world.rows("SELECT to_regclass('v_kpi_15m')::text") == [(None,)]
    assert world.rows(
        "INSERT INTO ops.alert (incident, title, text) VALUES ('b', 't', 'x') RETURNING id"
    ) == [(2,)]
    assert world.rows("SELECT desired FROM ops.service ORDER BY name") == [("stopped",), ("running",)]
    with postgres.connect(world.settings.postgres, autocommit=True) as connection:
        hour = timedelta(hours=1)
        assert reconcile.differing_windows(connection, NOW - hour, NOW + hour) == []


def test_the_manifest_describes_the_backup_and_the_files_are_their_owners_alone(world: World) -> None:
    folder = world.backup()
    manifest = read_manifest(folder)
    assert manifest.rows["public.events_clean"] == 6
    assert manifest.rows["ops.stream_batch"] == 2
    assert {name: position.offsets for name, position in manifest.positions.items()} == {
        name: {int(partition): offset for partition, offset in offsets.items()}
        for name, offsets in DONE.items()
    }
    assert (manifest.revision, manifest.newest) == (current_revision(world.settings.postgres), NOW)
    assert manifest.topic is not None
    assert manifest.topic.name == world.settings.kafka.topic
    assert [path.stat().st_mode & 0o777 for path in (folder, *sorted(folder.iterdir()))] == [
        0o700,
        0o600,
        0o600,
    ]
    assert verify_backup(world.settings, folder) == manifest


@pytest.mark.parametrize("damage", ["flipped", "cut off", "gone"])
def test_a_damaged_dump_is_refused_and_nothing_is_touched(world: World, damage: str) -> None:
    folder = world.backup()
    dump = folder / DUMP
    content = bytearray(dump.read_bytes())
    if damage == "flipped":
        content[len(content) // 2] ^= 1
    if damage == "gone":
        dump.unlink()
    else:
        dump.write_bytes(content[:-10] if damage == "cut off" else content)
    words = "cannot be read" if damage == "gone" else "is damaged"
    with pytest.raises(StackError, match=words):
        verify_backup(world.settings, folder)
    with pytest.raises(StackError, match=words):
        world.restore(folder)
    assert not world.settings.checkpoint_dir.exists()
    with databases.administration(world.settings) as connection:
        assert databases.kept_databases(connection, world.settings.postgres.database) == []


def changed(folder: Path, **fields: Any) -> None:
    manifest = read_manifest(folder)
    write_manifest(folder, Manifest.model_validate(manifest.model_dump() | fields))


def test_a_backup_of_a_newer_release_is_refused(world: World) -> None:
    folder = world.backup()
    changed(folder, revision="9999", release="9.9")
    with pytest.raises(StackError, match=r"revision 9999 .* made by a newer one \(9\.9\)"):
        world.restore(folder)


def test_kpis_whose_events_were_deleted_by_age_come_back_as_they_are(world: World) -> None:
    hour = NOW.replace(minute=0, second=0, microsecond=0)
    with postgres.connect(world.settings.postgres, autocommit=True) as connection:
        reconcile.recompute(connection, hour, hour + timedelta(hours=1))
        advance_mark(connection, hour + timedelta(hours=1))
    world.do("DELETE FROM events_clean")
    kept = "SELECT window_start, revenue, orders_created FROM kpi_1m"
    before = world.rows(kept)
    assert len(before) == 1
    world.restore(world.backup())
    assert world.rows(kept) == before


def test_a_restore_that_was_killed_leaves_nobody_outside(world: World) -> None:
    name = world.settings.postgres.database
    with databases.administration(world.settings) as connection:
        connection.execute(sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS false").format(sql.Identifier(name)))
    with pytest.raises(psycopg.OperationalError, match="not currently accepting connections"):
        postgres.connect(world.settings.postgres)
    ensure_database(world.settings)
    assert world.rows("SELECT count(*) FROM events_clean") == [(6,)]


def test_rows_that_are_missing_are_noticed_before_anything_is_replaced(world: World) -> None:
    folder = world.backup()
    changed(folder, rows=read_manifest(folder).rows | {"public.events_clean": 7})
    with pytest.raises(StackError, match=r"public\.events_clean has 6 rows instead of 7"):
        world.restore(folder)
    with databases.administration(world.settings) as connection:
        assert not databases.exists(connection, f"{world.settings.postgres.database}_restoring")
    assert not list(world.settings.checkpoint_dir.glob("*")), "the checkpoints are as they were"


def test_an_older_backup_is_migrated_forward(world: World, settings: Settings) -> None:
    oldest = known_revisions()[-1]
    name = f"{world.settings.postgres.database}_old"
    old = databases.of_database(world.settings, name)
    databases.create(old, name)
    try:
        migrate(old.postgres, oldest)
        folder, manifest = make_backup(old, world.home, Screen())
        assert manifest.revision == oldest
        world.restore(folder)
        assert current_revision(world.settings.postgres) == known_revisions()[0]
        assert world.rows("SELECT count(*) FROM events_clean") == [(0,)]
    finally:
        with databases.administration(world.settings) as connection:
            databases.drop(connection, name)


def test_a_stream_on_another_machine_is_seen_by_its_heartbeat(world: World) -> None:
    folder = world.backup()
    world.do("INSERT INTO ops.heartbeat (name, pid, started_at) VALUES ('spark_stream', 1, now())")
    with pytest.raises(StackError, match=r"spark_stream \(by its heartbeat\) must not run"):
        world.restore(folder)


def test_a_lost_database_is_recreated_and_an_empty_one_is_not_kept(world: World) -> None:
    folder = world.backup()
    with databases.administration(world.settings) as connection:
        databases.drop(connection, world.settings.postgres.database)
    assert world.restore(folder) is None
    assert world.rows("SELECT count(*) FROM events_clean") == [(6,)]
    world.do("TRUNCATE events_clean, kpi_1m, kpi_1m_by_currency, kpi_1m_detail, ops.stream_batch")
    assert world.restore(folder) is None
    assert discard(world.settings) == []


def test_new_checkpoints_are_started_and_the_stream_starts_at_the_ledgers_end(world: World) -> None:
    checkpoints = world.settings.checkpoint_dir
    write_checkpoint(checkpoints / "events_clean", QUERY_IDS["events_clean"], range(3))
    plan = plan_restore(world.settings, world.backup(), Screen())
    assert plan.start_positions is not None
    assert plan.lost == ()
    assert plan.start_positions["events_clean"].offsets == {0: 4, 1: 2, 2: EARLIEST}
    assert plan.start_positions["kpi_1m"].offsets == dict.fromkeys(range(3), EARLIEST), (
        "its open windows begin there"
    )
    assert [plan.start_positions[name].unread for name in QUERY_IDS] == [9, 10]
    restore(world.settings, plan, Screen(), views=False)
    assert [begins_at_ledger(checkpoints / name) for name in QUERY_IDS] == [True] * 2
    (aside,) = checkpoints.glob("events_clean.*")
    assert (aside / "commits" / "2").exists()


def test_what_kafka_has_deleted_is_named_and_recorded(world: World) -> None:
    folder = world.backup()
    world.delete_records({0: 5, 1: 4})
    plan = plan_restore(world.settings, folder, Screen())
    assert [words.partition(", from about")[0] for words in plan.lost] == [
        "events_clean: partition 0: offsets 4 to 4 (1 records)",
        "events_clean: partition 1: offsets 2 to 3 (2 records)",
        "kpi_1m: partition 0: offsets 3 to 4 (2 records)",
        "kpi_1m: partition 1: offsets 2 to 3 (2 records)",
    ]
    restore(world.settings, plan, Screen(), views=False)
    ((text, closed_at),) = world.rows(
        "SELECT text, closed_at FROM ops.alert WHERE incident = 'restore:records_lost'"
    )
    assert text == "; ".join(plan.lost)
    assert closed_at is not None, "it is told once, and stays for nobody to close"
    assert begins_at_ledger(world.settings.checkpoint_dir / "kpi_1m")


def test_a_topic_that_was_recreated_is_read_from_its_first_record(world: World) -> None:
    folder = world.backup()
    topic = read_manifest(folder).topic
    assert topic is not None
    changed(folder, topic=topic.model_dump() | {"topic_id": "another"})
    plan = plan_restore(world.settings, folder, Screen())
    assert plan.start_positions is None
    assert len(plan.lost) == 1
    restore(world.settings, plan, Screen(), views=False)
    assert not begins_at_ledger(world.settings.checkpoint_dir / "kpi_1m")


PROGRAM = """#!/bin/sh
echo "$0 $*" >> {log}
test "$1" = --version && echo "pg_dump (PostgreSQL) 99.0" && exit 0
echo "the disk is full" >&2
exit 1
"""


@pytest.fixture
def failing(world: World, tmp_path: Path) -> World:
    """The same with a pg_dump that notes what it was given, and fails."""
    programs = tmp_path / "programs"
    programs.mkdir()
    program = programs / "pg_dump"
    program.write_text(PROGRAM.format(log=tmp_path / "given"))
    program.chmod(0o755)
    stack = world.settings.stack.model_copy(update={"postgres_programs": programs})
    return replace(world, settings=world.settings.model_copy(update={"stack": stack}))


def test_a_backup_that_fails_leaves_nothing_and_shows_no_password(failing: World, tmp_path: Path) -> None:
    with pytest.raises(StackError, match="pg_dump failed: the disk is full"):
        failing.backup()
    assert list(failing.home.iterdir()) == []
    given = (tmp_path / "given").read_text().split()
    assert "--format=custom" in given
    assert failing.settings.postgres.password.get_secret_value() not in given


def test_programs_that_are_older_than_the_server_are_refused(failing: World) -> None:
    program = failing.settings.stack.postgres_programs
    assert program is not None
    (program / "pg_dump").write_text("#!/bin/sh\necho 'pg_dump (PostgreSQL) 9.6'\n")
    with pytest.raises(StackError, match=r"9\.6.*too old for it. Set ORDERPULSE_STACK__POSTGRES_PROGRAMS"):
        failing.backup()


def test_an_unfinished_backup_of_a_killed_process_is_cleared_away(world: World) -> None:
    left = world.home / "20260301T090000Z.unfinished"
    left.mkdir(parents=True)
    (left / DUMP).write_bytes(b"half")
    folder = world.backup()
    assert list(world.home.iterdir()) == [folder]


def test_a_database_that_was_never_migrated_is_no_backup(world: World) -> None:
    world.do("DROP TABLE alembic_version")
    with pytest.raises(DatabaseError, match="never migrated"):
        world.backup()
