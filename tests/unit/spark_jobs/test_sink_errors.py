"""Which errors of the database are worth another try."""

import adbc_driver_manager
import pytest
from adbc_driver_manager import AdbcStatusCode

from spark_jobs.sink.writer import _is_transient, _reason


def database_error(sqlstate: str | None) -> adbc_driver_manager.Error:
    return adbc_driver_manager.OperationalError("no", status_code=AdbcStatusCode.IO, sqlstate=sqlstate)


@pytest.mark.parametrize(
    "sqlstate",
    ["08006", "08001", "53300", "53100", "57P01", "57P02", "57P03", "40001", "40P01", "55P03", None, ""],
)
def test_a_database_that_is_away_or_busy_is_tried_again(sqlstate: str | None) -> None:
    assert _is_transient(database_error(sqlstate))


@pytest.mark.parametrize("sqlstate", ["42P01", "42703", "23502", "22003", "22021", "42501", "28P01", "57014"])
def test_what_will_fail_again_is_given_up_at_once(sqlstate: str) -> None:
    assert not _is_transient(database_error(sqlstate))


def test_no_error_of_our_own_is_tried_again() -> None:
    assert not _is_transient(ValueError("08006"))


def test_a_message_is_postgresqls_own_line_or_the_first() -> None:
    behind_the_statement = (
        "INTEGRITY: [libpq] Failed to execute '\nSELECT 1\n': ERROR:  no such row\nDETAIL:  more"
    )
    assert _reason(ValueError(behind_the_statement)) == "no such row"
    assert _reason(ValueError("\n gone\nDETAIL: more")) == "gone"
    assert _reason(ValueError()) == "ValueError"
