"""Which program an edit restarts while `orderpulse dev` runs."""

from pathlib import Path

import grimp
import pytest

from stack.local.dev import RELOADED, to_restart

ROOT = Path(__file__).parents[3]
PACKAGES = ("core", "control", "database", "orchestration", "api")


@pytest.mark.parametrize(
    ("edited", "restarted"),
    [
        (["api/routes/kpi.py"], ["api"]),
        (["orchestration/defs/quality/catalogue.py"], ["dagster_code"]),
        (["dbt_project/models/marts/v_kpi_15m.sql"], ["dagster_code"]),
        (["core/kpis.py"], ["api", "dagster_code"]),
        (["api/app.py", "dbt_project/dbt_project.yml"], ["api", "dagster_code"]),
        (["generator/mix.py"], []),
        ([], []),
    ],
)
def test_an_edit_restarts_what_reads_the_file(edited: list[str], restarted: list[str]) -> None:
    assert to_restart(ROOT, [ROOT / name for name in edited]) == restarted


@pytest.mark.parametrize(("program", "package"), [("api", "api"), ("dagster_code", "orchestration")])
def test_the_folders_are_those_that_a_program_imports(program: str, package: str) -> None:
    graph = grimp.build_graph(*PACKAGES, cache_dir=None)
    imported = {module.partition(".")[0] for module in graph.find_upstream_modules(package, as_package=True)}
    assert {package, *imported} == {*RELOADED[program]} - {"dbt_project"}
