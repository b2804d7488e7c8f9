"""Settings: defaults, sources, and words for every way to get them wrong."""

import os
from pathlib import Path

import pytest
from pydantic import ValidationError

from core.errors import OrderpulseError, SettingsError
from core.settings import DEFAULT_PASSWORD, Environment, Settings, load_settings

WITHOUT_FILE = Path(__file__).parent
"""A root without `.env`, whatever the developer has in the real one."""

SAFE = {
    "ENVIRONMENT": "production",
    "ORDERPULSE_POSTGRES__PASSWORD": "long-and-random",
    "ORDERPULSE_POSTGRES__SSLMODE": "verify-full",
    "ORDERPULSE_API__AUTH": "required",
    "ORDERPULSE_API__JWT_SECRET": "0123456789-abcdefghijklmnopqrstuvwxyz",
}


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name == "ENVIRONMENT" or name.startswith("ORDERPULSE_"):
            monkeypatch.delenv(name)


def refusal() -> str:
    """The words with which the settings are refused."""
    with pytest.raises(SettingsError) as refused:
        load_settings(root=WITHOUT_FILE)
    return str(refused.value)


def test_the_defaults_are_the_contract() -> None:
    settings = load_settings(root=WITHOUT_FILE)
    assert settings.environment is Environment.DEVELOPMENT
    assert (settings.kafka.bootstrap_servers, settings.kafka.topic) == ("localhost:9092", "events_raw")
    assert settings.postgres.parameters() == {
        "host": "localhost",
        "port": "5432",
        "dbname": "realtime",
        "user": "app",
        "password": DEFAULT_PASSWORD,
        "sslmode": "prefer",
        "connect_timeout": "5",
    }
    assert settings.generator.rate == 5
    assert settings.checkpoint_dir == WITHOUT_FILE / "checkpoints" / "spark_stream"


def test_the_environment_sets_nested_fields(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ORDERPULSE_KAFKA__TOPIC", "other")
    monkeypatch.setenv("ORDERPULSE_STREAM__MASTER", "spark://host:7077")
    settings = load_settings(root=WITHOUT_FILE)
    assert (settings.kafka.topic, settings.stream.master) == ("other", "spark://host:7077")
    assert settings.kafka.bootstrap_servers == "localhost:9092"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ENVIRONMENT", "staging"),
        ("ORDERPULSE_LOG_LEVEL", "loud"),
        ("ORDERPULSE_KAFKA__REPLICATION_FACTOR", "0"),
        ("ORDERPULSE_KAFKA__TOPIK", "typo"),
        ("ORDERPULSE_POSTGRES__PORT", "70000"),
        ("ORDERPULSE_POSTGRES__PORT", "five"),
        ("ORDERPULSE_POSTGRES__SSLMODE", "maybe"),
        ("ORDERPULSE_GENERATOR__RATE", "0"),
        ("ORDERPULSE_GENERATOR__INVALID_SHARE", "1.01"),
        ("ORDERPULSE_STREAM__TRIGGER_INTERVAL_MS", "-1"),
        ("ORDERPULSE_STREAM__STOP_TIMEOUT_S", "0"),
        ("ORDERPULSE_STACK__KAFKA_CONTROLLER_PORT", "0"),
    ],
)
def test_a_message_names_the_setting(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(name, value)
    assert f"{name}: " in refusal()


def test_all_faults_are_told_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ORDERPULSE_POSTGRES__PORT", "0")
    monkeypatch.setenv("ORDERPULSE_GENERATOR__RATE", "slow")
    message = refusal()
    assert "ORDERPULSE_POSTGRES__PORT" in message
    assert "ORDERPULSE_GENERATOR__RATE" in message


def test_a_message_never_shows_a_value(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ORDERPULSE_POSTGRES", '{"password": {"nested": "hunter2"}}')
    message = refusal()
    assert "ORDERPULSE_POSTGRES__PASSWORD" in message
    assert "hunter2" not in message


def test_production_takes_safe_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in SAFE.items():
        monkeypatch.setenv(name, value)
    assert load_settings(root=WITHOUT_FILE).environment is Environment.PRODUCTION


@pytest.mark.parametrize(
    ("name", "unsafe"),
    [
        ("ORDERPULSE_POSTGRES__PASSWORD", DEFAULT_PASSWORD),
        ("ORDERPULSE_POSTGRES__SSLMODE", "require"),
        ("ORDERPULSE_API__AUTH", "off"),
        ("ORDERPULSE_API__JWT_SECRET", "too-short-for-HS256"),
        ("ORDERPULSE_API__JWT_SECRET", "ab" * 40),
    ],
)
def test_production_refuses_each_unsafe_setting(
    monkeypatch: pytest.MonkeyPatch, name: str, unsafe: str
) -> None:
    for key, value in (SAFE | {name: unsafe}).items():
        monkeypatch.setenv(key, value)
    message = refusal()
    assert name in message
    assert not any(other in message for other in SAFE if other != name)


def test_production_refuses_an_api_without_a_key(monkeypatch: pytest.MonkeyPatch) -> None:
    for key, value in SAFE.items():
        monkeypatch.setenv(key, value)
    monkeypatch.delenv("ORDERPULSE_API__JWT_SECRET")
    assert "ORDERPULSE_API__JWT_JWKS_FILE" in refusal()
    monkeypatch.setenv("ORDERPULSE_API__JWT_JWKS_FILE", "keys.json")
    assert load_settings(root=WITHOUT_FILE).api.jwt_jwks_file == Path("keys.json")


def test_production_tells_all_faults_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ENVIRONMENT", "production")
    message = refusal()
    for name in ("POSTGRES__PASSWORD", "POSTGRES__SSLMODE", "API__AUTH", "API__JWT_JWKS_FILE"):
        assert f"ORDERPULSE_{name}" in message


def test_the_password_is_not_in_the_representation() -> None:
    shown = repr(load_settings(postgres={"password": "hunter2"}))
    assert "hunter2" not in shown


def test_settings_cannot_be_changed() -> None:
    settings = load_settings(root=WITHOUT_FILE)
    with pytest.raises(ValidationError):
        settings.kafka.topic = "other"  # type: ignore[misc]


def test_addresses_are_split() -> None:
    kafka = load_settings(kafka={"bootstrap_servers": "a:1, b:2,[::1]:3"}).kafka
    assert kafka.addresses() == [("a", 1), ("b", 2), ("[::1]", 3)]


@pytest.mark.parametrize("servers", ["localhost", ":9092", "a:1,,b:2", "a:port"])
def test_an_address_without_host_or_port_is_refused(servers: str) -> None:
    with pytest.raises(SettingsError, match="ORDERPULSE_KAFKA__BOOTSTRAP_SERVERS"):
        load_settings(kafka={"bootstrap_servers": servers}).kafka.addresses()


def test_a_file_sets_what_the_environment_leaves_open(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    file = tmp_path / ".env"
    file.write_text("ORDERPULSE_KAFKA__TOPIC=from_file\nORDERPULSE_LOG_LEVEL=debug\n", encoding="utf-8")
    monkeypatch.setenv("ORDERPULSE_LOG_LEVEL", "error")
    settings = load_settings(root=tmp_path)
    assert (settings.kafka.topic, settings.log_level) == ("from_file", "error")


def test_folders_are_absolute_and_below_the_root(tmp_path: Path) -> None:
    settings = load_settings(root=tmp_path, stack={"data_dir": "d", "cache_dir": "c"})
    assert settings.data_dir == tmp_path / "d"
    assert settings.cache_dir == tmp_path / "c"
    assert settings.log_dir == tmp_path / "d" / "logs"


def test_an_absolute_folder_stays(tmp_path: Path) -> None:
    assert load_settings(stack={"data_dir": tmp_path / "x"}).data_dir == tmp_path / "x"


def test_every_setting_has_a_description() -> None:
    for name, field in Settings.model_fields.items():
        group = field.default
        if hasattr(type(group), "model_fields"):
            assert type(group).__doc__, name
            for inner, described in type(group).model_fields.items():
                assert described.description, f"{name}.{inner}"
        else:
            assert field.description, name


def test_a_wrong_setting_is_a_readable_error() -> None:
    assert issubclass(SettingsError, OrderpulseError)
