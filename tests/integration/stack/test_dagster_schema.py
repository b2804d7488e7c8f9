"""An upgrade of Dagster on a real database: its schema is brought up to date before a process of Dagster starts."""

from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest
from alembic.script import ScriptDirectory

from core import postgres
from core.errors import StackError
from core.settings import PostgresSettings, Settings
from stack.servers.dagster.schema import migrate, newest_revision
from tests.dagster_database import dagster_database, empty_database

FORMER = "6b7fb194ff9c"
"""The revision before the column `using_default_limit` came."""

COLUMN = "SELECT data_type FROM information_schema.columns WHERE column_name = 'using_default_limit'"


def test_the_newest_revision_is_the_one_that_alembic_finds() -> None:
    spec = find_spec("dagster")
    assert spec is not None
    assert spec.submodule_search_locations is not None
    folder = Path(spec.submodule_search_locations[0]) / "_core" / "storage" / "alembic"
    assert newest_revision() == ScriptDirectory(str(folder)).get_current_head()


@pytest.fixture
def database(postgres_server: PostgresSettings) -> Iterator[PostgresSettings]:
    with dagster_database(postgres_server) as own:
        yield own


def settings_of(settings: Settings, database: PostgresSettings, folder: Path) -> Settings:
    return settings.model_copy(
        update={
            "dagster": settings.dagster.model_copy(update={"database": database.database}),
            "stack": settings.stack.model_copy(update={"data_dir": folder}),
        }
    )


def test_a_former_schema_is_migrated_once(
    settings: Settings, database: PostgresSettings, tmp_path: Path
) -> None:
    own = settings_of(settings, database, tmp_path)
    assert migrate(own) is None, "it is current"
    with postgres.connect(database, autocommit=True) as connection:
        connection.execute("ALTER TABLE concurrency_limits DROP COLUMN using_default_limit")
        connection.execute("UPDATE alembic_version SET version_num = %s", (FORMER,))
        assert migrate(own) == (FORMER, newest_revision())
        assert connection.execute(COLUMN).fetchone() == ("boolean",)
    assert migrate(own) is None


def test_the_schema_of_a_newer_dagster_is_reported(
    settings: Settings, database: PostgresSettings, tmp_path: Path
) -> None:
    with postgres.connect(database, autocommit=True) as connection:
        connection.execute("UPDATE alembic_version SET version_num = 'fffffffffff0'")
    with pytest.raises(StackError, match=r"at revision fffffffffff0 .* If a newer Dagster created it"):
        migrate(settings_of(settings, database, tmp_path))


def test_where_dagster_has_no_tables_yet_it_makes_them_itself(
    settings: Settings, postgres_server: PostgresSettings, tmp_path: Path
) -> None:
    with empty_database(postgres_server) as database:
        assert migrate(settings_of(settings, database, tmp_path)) is None
