"""The small parts of the streaming area that need no server."""

from pathlib import Path

import dagster as dg
import orjson
import pytest

from core.tables import EVENTS_CLEAN, EVENTS_REJECTED, KPI_1M, KPI_1M_BY_CURRENCY, KPI_1M_DETAIL, Relation
from orchestration.defs.streaming import assets, columns, jobs
from orchestration.defs.streaming.attached import ATTACHED_JOBS
from orchestration.defs.streaming.cursor import LONGEST_GAP_S, Cursor, Watch
from orchestration.defs.streaming.last_words import LONGEST, last_words
from orchestration.defs.streaming.words import progress_in_words

TABLES = [EVENTS_CLEAN, EVENTS_REJECTED, KPI_1M, KPI_1M_BY_CURRENCY, KPI_1M_DETAIL]


@pytest.mark.parametrize("text", [None, "", "17", "[]", "not json", '{"beats": 3}', '{"ticked_at": "soon"}'])
def test_a_cursor_of_another_time_is_an_empty_one(text: str | None) -> None:
    assert Cursor.read(text) == Cursor()


def test_a_cursor_is_read_as_it_was_written() -> None:
    signs = {"generator": "a"}
    cursor = Cursor(ticked_at=90.0).looked(100.0, signs, signs, broker_answers=True).asked("generator", 100.0)
    assert Cursor.read(cursor.model_dump_json()) == cursor


def test_a_sign_that_does_not_change_is_watched_from_check_to_check() -> None:
    watch = Watch().seen("a", 10).seen("a", 10).seen("a", 12)
    assert watch.still_s == 22
    assert watch.seen("b", 10).still_s == 0


def test_a_pause_between_looks_proves_nothing() -> None:
    watch = Watch(sign="a", still_s=15)
    assert watch.seen("a", LONGEST_GAP_S + 1).still_s == 0
    assert watch.seen("a", -1).still_s == 0


def test_the_servers_are_healthy_since_the_last_look_that_could_not_report_it() -> None:
    cursor = Cursor(ticked_at=90.0, servers_since=7.0)
    assert cursor.looked(100.0, {}, {}, broker_answers=True).servers_since == 7
    assert cursor.looked(100.0, {}, {}, broker_answers=False).servers_since == 100
    assert cursor.looked(200.0, {}, {}, broker_answers=True).servers_since == 200, "nobody looked meanwhile"


def test_only_the_last_requests_are_kept() -> None:
    cursor = Cursor()
    for second in range(50):
        cursor = cursor.asked("generator", second)
    assert cursor.requested["generator"] == list(range(40, 50))


def line(level: str, event: str, **more: str) -> str:
    return orjson.dumps({"level": level, "event": event, **more}).decode()


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        ([], "its log is empty"),
        ([line("info", "a"), "Killed", ""], "Killed"),
        (
            [line("error", "stream.failed", error="no such topic"), line("info", "b")],
            "stream.failed: no such topic",
        ),
        ([line("error", "old"), line("error", "new"), "at java.lang.Thread", "3", "[]"], "new"),
    ],
)
def test_last_words(tmp_path: Path, lines: list[str], words: str) -> None:
    log = tmp_path / "x.log"
    log.write_text("\n".join(lines))
    assert last_words(log) == words


def test_last_words_are_few(tmp_path: Path) -> None:
    log = tmp_path / "x.log"
    log.write_text("é" * 100_000)
    assert len(last_words(log)) == LONGEST
    assert last_words(tmp_path / "none.log") == "its log is empty"


def test_progress_sentences() -> None:
    batch = {"batch_id": 1200, "processed_rate": 51.23, "lag_records": 0, "batch_ms": 320}
    said = progress_in_words(
        "spark_stream", {"queries": {"kpi_1m": {"batch_id": None}, "events_clean": batch}}
    )
    assert (
        said
        == "events_clean: batch 1,200, 51.2 records/s, 0 records behind, 320 ms a batch; kpi_1m: no batch yet"
    )
    progress = {"rate_wanted": 5.0, "rate_reached": None, "acknowledged": 12, "failed": 0, "waiting": 1}
    assert "? events/s of 5.0 wanted; 12 acknowledged" in progress_in_words("generator", progress)
    assert progress_in_words("generator", {}) == "generator: nothing to tell yet"


@pytest.mark.parametrize("relation", TABLES, ids=lambda relation: relation.name)
def test_each_column_is_described_and_its_sources_exist(relation: Relation) -> None:
    assert [column.name for column in columns.column_schema(relation).columns] == list(relation.columns)
    assert set(columns.COLUMNS[relation.name]) == set(relation.columns)
    upstream, made_of = columns.LINEAGE[relation.name]
    tables = {each.name: each for each in (KPI_1M_BY_CURRENCY, KPI_1M_DETAIL)}
    schema = columns.raw_schema() if upstream == "events_raw" else columns.column_schema(tables[upstream])
    assert set(made_of) <= set(relation.columns)
    assert {source for sources in made_of.values() for source in sources} <= {c.name for c in schema.columns}


def test_the_graph_reads_from_left_to_right() -> None:
    specs = [
        assets.events_raw,
        assets.events_clean,
        assets.events_rejected,
        assets.kpi_1m_detail,
        assets.kpi_1m_by_currency,
        assets.kpi_1m,
    ]
    edges = {spec.key.to_user_string(): [d.asset_key.to_user_string() for d in spec.deps] for spec in specs}
    assert edges == {
        "events_raw": [],
        "events_clean": ["events_raw"],
        "events_rejected": ["events_raw"],
        "kpi_1m_detail": ["events_raw"],
        "kpi_1m_by_currency": ["kpi_1m_detail"],
        "kpi_1m": ["kpi_1m_by_currency"],
    }
    assert all(spec.owners == ["team:data-platform"] and spec.description and spec.kinds for spec in specs)
    assert all(spec.freshness_policy is None for spec in specs), "a stop on purpose is not broken"


def test_each_job_explains_what_it_does() -> None:
    found = jobs.defs()
    assert isinstance(found, dg.Definitions)
    names = {f"{verb}_{name}" for verb in ("start", "stop", "restart") for name in ATTACHED_JOBS}
    assert {job.name for job in found.jobs or ()} == names | {"set_generator_rate"}
    for job in [*(found.jobs or ()), *ATTACHED_JOBS.values()]:
        assert job.description, job.name
