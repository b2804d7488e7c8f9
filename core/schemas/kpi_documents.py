"""Files generated from `core.kpis`: dbt's macros, sources and views, the frontend's catalogue, docs/reference/kpis.md."""

import json
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from core.events import DIMENSIONS, EventType
from core.kpis import MEASURES, RATES, SPANS, Measure, Rate
from core.tables import KPI_1M, KPI_1M_BY_CURRENCY, KPI_1M_DETAIL, Relation

ROOT = Path(__file__).parents[2]
EDIT = "Generated from core/kpis.py by `python -m core.schemas`; edit that instead."
WINDOW_START = ("window_start", "Start of the minute, inclusive (UTC).")
WINDOW_END = ("window_end", "End of the minute, exclusive (UTC).", "not_null")
PROCESSED_AT = ("processed_at", "When the row was last written (UTC).", "not_null")
CURRENCY = ("currency", "ISO 4217 code.", "not_null")
WINDOWS = (
    ("first_window", "Start of the oldest window summed up (UTC)"),
    ("last_window", "Start of the newest window summed up (UTC)"),
)


def kpi_documents() -> dict[Path, str]:
    """Path and text of each file."""
    files = {
        "dbt_project/macros/catalogue.sql": _macros(),
        "dbt_project/models/sources.yml": _lines(_sources()),
        "dbt_project/models/marts/v_kpi.yml": _lines(_views()),
        "frontend/src/lib/kpis.gen.ts": _typescript(),
        "docs/reference/kpis.md": _lines(_page()),
    }
    return {ROOT / name: text for name, text in files.items()}


def _lines(lines: Iterable[str]) -> str:
    return "\n".join(lines) + "\n"


def _measures(relation: Relation) -> list[Measure]:
    return [measure for measure in MEASURES if measure.name in relation.columns]


def _rates(relation: Relation) -> list[Rate]:
    return [rate for rate in RATES if relation is KPI_1M_BY_CURRENCY or rate.in_kpi_1m]


def _macros() -> str:
    totals = {measure.name: measure.total for measure in MEASURES}
    zeros = {"count": "0", "money": "0.00"}

    def each(relation: Relation, form: str, first: str = "currency") -> list[str]:
        columns = [form.format(name=m.name, total=m.total, zero=zeros[m.unit]) for m in _measures(relation)]
        return [first, *columns] if first and relation is KPI_1M_BY_CURRENCY else columns

    def rates(relation: Relation) -> list[str]:
        return [f"{rate.sql(totals.__getitem__)} as {rate.name}" for rate in _rates(relation)]

    macros = {
        "measure_columns": (
            "The measures of a table.",
            lambda relation: each(relation, "{name}", first=""),
        ),
        "measure_sums": (
            "Their sums, and the grouping columns.",
            lambda relation: each(relation, "coalesce(sum({name}), {zero}) as {total}"),
        ),
        "measure_totals": ("The names of these columns.", lambda relation: each(relation, "{total}")),
        "rate_columns": (
            "The rates of the sums; a mean of the windows' rates would weight a quiet minute like a busy one.",
            rates,
        ),
        "grain": (
            "The key of a row of totals.",
            lambda relation: ["()" if relation is KPI_1M else "currency"],
        ),
    }
    return f"{{#- {EDIT} -#}}\n" + "\n".join(
        _macro(name, meaning, columns) for name, (meaning, columns) in macros.items()
    )


def _macro(name: str, meaning: str, columns: Callable[[Relation], list[str]]) -> str:
    whole, by_currency = (",\n    ".join(columns(relation)) for relation in (KPI_1M, KPI_1M_BY_CURRENCY))
    return (
        f"{{#- {meaning} -#}}\n{{% macro {name}(relation) -%}}\n    {{%- if relation == '{KPI_1M.name}' -%}}\n"
        f"    {whole}\n    {{%- else -%}}\n    {by_currency}\n    {{%- endif -%}}\n{{%- endmacro %}}\n"
    )


def _column(indent: int, name: str, description: str, *tests: str) -> str:
    tested = f", data_tests: [{', '.join(tests)}]" if tests else ""
    return f"{' ' * indent}- {{name: {name}, description: {json.dumps(description)}{tested}}}"


def _sources() -> Iterator[str]:
    yield f"# {EDIT}"
    yield _SOURCES
    for relation, grain in _TABLES.items():
        whole = relation is KPI_1M
        yield f"      - name: {relation.name}"
        yield f"        description: One row per minute of event time{',' if whole else ''} {grain}."
        yield f"        config: {{meta: {{dagster: {{asset_key: [{relation.name}]}}}}}}"
        if relation is KPI_1M_DETAIL:
            yield from _detail_columns()
            continue
        finer = KPI_1M_BY_CURRENCY if whole else KPI_1M_DETAIL
        yield f"        data_tests: [whole_minutes, {{sum_of: {{arguments: {{finer: {finer.name}}}}}}}]"
        yield "        columns:"
        yield _column(10, *WINDOW_START, "not_null", *(["unique"] if whole else []))
        if not whole:
            yield _column(10, *CURRENCY, "currency_code")
        yield _column(10, *WINDOW_END)
        for measure in _measures(relation):
            yield _column(
                10,
                measure.name,
                measure.describe(by_currency=not whole),
                "not_null",
                "not_negative",
            )
        for rate in RATES:
            if rate.name in relation.columns:
                yield _column(10, rate.name, rate.describe(), *_tests(rate))
        yield _column(10, *PROCESSED_AT)


def _detail_columns() -> Iterator[str]:
    """Without tests of their own: `sum_of` compares this largest table with its sums."""
    yield "        columns:"
    yield _column(10, *WINDOW_START)
    yield _column(10, *CURRENCY[:2])
    for dimension in DIMENSIONS:
        yield _column(10, dimension.column, f"{dimension.description} Empty if unknown.")
    for measure in MEASURES:
        yield _column(10, measure.name, measure.describe(by_currency=True))
    yield _column(10, *PROCESSED_AT[:2])


_TABLES = {
    KPI_1M: "over all currencies",
    KPI_1M_BY_CURRENCY: "and currency",
    KPI_1M_DETAIL: "currency and optional fields of the event",
}

_SOURCES = """\
version: 2

sources:
  - name: realtime
    description: Tables that the migrations create and the Spark job writes.
    schema: public
    config:
      # Freshness is event-time lag: how far the newest window is behind now, whenever it was written.
      loaded_at_field: window_start
      freshness:
        warn_after: {count: 3, period: minute}
        error_after: {count: 10, period: minute}
    tables:"""


def _tests(rate: Rate) -> tuple[str, ...]:
    if rate.kind == "difference":
        return ("not_null",)
    return ("percentage",) if rate.is_share else ("not_negative",)


def _views() -> Iterator[str]:
    yield f"# {EDIT}"
    yield "version: 2\n\nmodels:"
    for relation, by in ((KPI_1M, ""), (KPI_1M_BY_CURRENCY, "by_currency_")):
        for span, past in SPANS.items():
            yield from _view(relation, f"v_kpi_{by}{span}", past, span)


def _view(relation: Relation, name: str, past: str, span: str) -> Iterator[str]:
    whole = relation is KPI_1M
    grain = (
        f"One row, always: the totals of the windows of kpi_1m that started in {past}, zeros if there are none. "
        f"Its revenue mixes currencies; money is in v_kpi_by_currency_{span}."
        if whole
        else f"One row per currency that has a window in {past}: its money, and its funnel from created over initiated "
        "to paid. A rate of the funnel may exceed 100, because an order created before the span may be paid within it."
    )
    yield f"  - name: {name}"
    yield f"    description: {json.dumps(grain)}"
    yield "    columns:"
    if not whole:
        yield _column(6, *CURRENCY, "unique")
    for measure in _measures(relation):
        yield _column(
            6,
            measure.total,
            measure.describe(by_currency=relation is KPI_1M_BY_CURRENCY),
            "not_null",
            "not_negative",
        )
    for rate in _rates(relation):
        yield _column(6, rate.name, rate.describe(), *_tests(rate))
    yield _column(6, "window_count", "Number of one-minute windows summed up.", "not_null", "not_negative")
    for window, meaning in WINDOWS:
        yield _column(
            6,
            window,
            f"{meaning}; null if there is none." if whole else f"{meaning}.",
            *([] if whole else ["not_null"]),
        )


def _typescript() -> str:
    measures = {m.name: {"unit": m.unit, "good": _good(m)} for m in MEASURES}
    rates = {
        r.name: {"unit": r.unit, "kind": r.kind, "part": r.part, "whole": r.whole, "good": _good(r)}
        for r in RATES
    }
    words = {kpi.name: {"title": kpi.title, "text": kpi.description} for kpi in (*MEASURES, *RATES)}
    events = {
        kind.value: {"status": kind.status, "outcome": kind.outcome, "counts": _counted(kind)}
        for kind in EventType
    }
    titles = {kind.value: kind.label for kind in EventType}
    parts = {
        "The measures: money by currency, or counts.": ("MEASURES", measures),
        "The rates.": ("RATES", rates),
        "The event types: state of the payment, outcome of the order, and the measures that count them.": (
            "EVENTS",
            events,
        ),
        "English words of the KPIs.": ("KPI_WORDS", words),
        "English words of the events.": ("EVENT_WORDS", titles),
    }
    written = (
        f"/** {meaning} */\nexport const {name} = {json.dumps(value, indent=2, ensure_ascii=False)} as const;\n"
        for meaning, (name, value) in parts.items()
    )
    return f"// {EDIT}\n\n" + "\n".join(written)


def _good(kpi: Measure | Rate) -> str:
    return "up" if kpi.more_is_better else "down"


def _counted(kind: EventType) -> list[str]:
    return [measure.name for measure in MEASURES if measure.event_type is kind]


def _page() -> Iterator[str]:
    yield f"<!-- {EDIT} -->"
    yield "# KPIs\n"
    yield "Every measure and rate is defined once, in `core/kpis.py`; tables, views, API and dashboard derive from it.\n"
    yield "## Measures\n"
    yield (
        "By minute of event time and currency, in `kpi_1m_by_currency`, which the views `v_kpi_*` sum up; by the events' "
        "optional fields, too, in `kpi_1m_detail`.\n"
    )
    yield "| column | in the views | counts | meaning | in `kpi_1m` |\n| --- | --- | --- | --- | --- |"
    for m in MEASURES:
        of = "events" if m.unit == "count" else "`amount`"
        yield f"| `{m.name}` | `{m.total}` | {of} of `{m.event_type}` | {m.description} | {'yes' if m.in_kpi_1m else ''} |"
    yield "\n## Rates\n"
    yield "Calculated from sums over the whole range; those of money have a currency.\n"
    yield "| name | formula | meaning |\n| --- | --- | --- |"
    for rate in RATES:
        yield f"| `{rate.name}` | `{rate.sql()}` | {rate.describe()} |"
    yield "\n## Event types\n"
    yield "| `eventType` | meaning | usual `status` | counts in |\n| --- | --- | --- | --- |"
    for kind in EventType:
        measures = ", ".join(f"`{name}`" for name in _counted(kind))
        yield f"| `{kind.value}` | {kind.label} | `{kind.status.value}` | {measures} |"
