"""Secrets are made once, whole, for their owner alone; each process gets its own user and nobody else's."""

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from core.errors import PrerequisiteError
from core.settings import Settings, load_settings
from stack.host.environment import settings_as_environment
from stack.secure.identities import IDENTITIES, as_identity, secret, secrets_dir, secured
from stack.servers.dagster.home import dagster_environment
from stack.servers.dbt import dbt
from stack.servers.postgres import programs as postgres_programs


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Those of a secured platform, as its owner."""
    return secured(load_settings(stack={"data_dir": tmp_path, "security": "on"}))


def test_processes_that_ask_at_once_get_the_same_secret(settings: Settings) -> None:
    with ThreadPoolExecutor(8) as pool:
        found = set(pool.map(lambda _: secret(settings, "shared"), range(64)))
    assert len(found) == 1
    assert len(found.pop()) >= 32
    drafts = [path.name for path in secrets_dir(settings).iterdir() if path.name.startswith(".")]
    assert drafts == []


def test_a_secret_is_for_its_owner_alone(settings: Settings) -> None:
    secret(settings, "api")
    folder = secrets_dir(settings)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {0o600}


def test_a_process_gets_no_other_process_s_password(settings: Settings) -> None:
    passwords = {name: secret(settings, name) for name in IDENTITIES}
    for name in IDENTITIES:
        given = settings_as_environment(as_identity(settings, name)).values()
        may = {name, "dbt"} if name == "dagster" else {name}
        assert {other for other, password in passwords.items() if password in given} == may


def test_dagster_verifies_the_server_and_starts_dbt_as_another_user(settings: Settings) -> None:
    environment = dagster_environment(as_identity(settings, "dagster"))
    assert environment["PGSSLMODE"] == "verify-full"
    assert environment["PGSSLROOTCERT"] == str(settings.data_dir / "certificates" / "ca.pem")
    assert environment["ORDERPULSE_POSTGRES__USER"] == "orderpulse_dagster"
    assert environment["ORDERPULSE_DBT__USER"] == "orderpulse_dbt"


def test_dbt_by_hand_is_the_same_user(settings: Settings) -> None:
    environment = dbt(settings, ["build"]).environment
    assert environment["ORDERPULSE_POSTGRES__USER"] == "orderpulse_dbt"
    assert "ORDERPULSE_DBT__USER" not in environment


def test_without_a_postgresql_with_tls_the_error_explains_how_to_install_one(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgres_programs, "DEBIAN", tmp_path)
    with pytest.raises(PrerequisiteError, match="apt-get install postgresql-15"):
        postgres_programs.program("postgres", settings, None)


def test_the_newest_is_taken_unless_the_data_are_of_another(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for major in ("9", "15", "17"):
        folder = tmp_path / major / "bin"
        folder.mkdir(parents=True)
        (folder / "postgres").touch()
    monkeypatch.setattr(postgres_programs, "DEBIAN", tmp_path)
    cluster = tmp_path / "cluster"
    assert postgres_programs.program("postgres", settings, None, cluster) == str(tmp_path / "17/bin/postgres")
    cluster.mkdir()
    (cluster / "PG_VERSION").write_text("15\n")
    assert postgres_programs.program("postgres", settings, None, cluster) == str(tmp_path / "15/bin/postgres")
    (cluster / "PG_VERSION").write_text("16\n")
    with pytest.raises(PrerequisiteError, match="created with PostgreSQL 16, which is no longer installed"):
        postgres_programs.program("postgres", settings, None, cluster)


def test_a_folder_without_the_program_is_named(settings: Settings, tmp_path: Path) -> None:
    stack = settings.stack.model_copy(update={"postgres_programs": tmp_path})
    with pytest.raises(
        PrerequisiteError, match="ORDERPULSE_STACK__POSTGRES_PROGRAMS: there is no program postgres"
    ):
        postgres_programs.program("postgres", settings.model_copy(update={"stack": stack}), None)
