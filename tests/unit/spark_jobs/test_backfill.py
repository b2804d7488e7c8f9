"""The batch layer's command line: the times that it takes."""

import pytest
from typer.testing import CliRunner

from spark_jobs.backfill import app


@pytest.mark.parametrize("text", ["2026-03-01T09:00:30Z", "2026-03-01T16:00:30+07:00", "2026-03-01 09:00:30"])
def test_times_are_taken_in_every_form_of_iso_8601(text: str) -> None:
    answer = CliRunner().invoke(app, ["kpis", "--from", text, "--to", "2026-03-01T12:00"])
    assert answer.exit_code == 2
    assert "windows begin at full minutes" in answer.output


def test_what_is_no_time_is_reported() -> None:
    answer = CliRunner().invoke(app, ["check", "--from", "yesterday", "--to", "2026-03-01T12:00"])
    assert answer.exit_code == 2
    assert "'yesterday' is not a time" in answer.output
