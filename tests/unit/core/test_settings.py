"""Settings: defaults, sources, and words for every way to get them wrong."""

import os
from pathlib import Path

import pytest
from pydantic import ValidationError

from core.errors import OrderpulseError, SettingsError
from core.production import Use
from core.settings import DEFAULT_PASSWORD, Environment, Settings, load_settings

WITHOUT_FILE = Path(__file__).parent
"""A root without `.env`, whatever the developer has in the real one."""

STRONG = "0123456789-abcdefghijklmnopqrstuvwxyz"
"""Long and varied enough for a password, and for a secret of tokens."""

EVERYTHING: frozenset[Use] = frozenset({"postgres", "kafka", "tokens"})


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name == "ENVIRONMENT" or name.startswith("ORDERPULSE_"):
            monkeypatch.delenv(name)


@pytest.fixture
def safe(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> dict[str, str]:
    """Settings that production takes from a process that uses everything; they are in the environment."""
    authority = tmp_path / "ca.pem"
    authority.write_text("certificates")
    variables = {
        "ENVIRONMENT": "production",
        "ORDERPULSE_POSTGRES__PASSWORD": STRONG,
        "ORDERPULSE_POSTGRES__SSLMODE": "verify-full",
        "ORDERPULSE_POSTGRES__CA_FILE": str(authority),
        "ORDERPULSE_KAFKA__SECURITY_PROTOCOL": "SASL_SSL",
        "ORDERPULSE_KAFKA__USERNAME": "generator",
        "ORDERPULSE_KAFKA__PASSWORD": STRONG,
        "ORDERPULSE_KAFKA__CA_FILE": str(authority),
        "ORDERPULSE_API__AUTH": "required",
        "ORDERPULSE_API__JWT_SECRET": STRONG,
    }
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    return variables


def refusal(root: Path = WITHOUT_FILE) -> str:
    """The words with which the settings are refused."""
    with pytest.raises(SettingsError) as refused:
        load_settings(uses=EVERYTHING, root=root)
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


def test_all_faults_are_reported_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
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


def test_a_group_that_is_no_object_is_reported_without_its_value(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ORDERPULSE_POSTGRES", "hunter2")
    message = refusal()
    assert '"postgres"' in message
    assert "hunter2" not in message


def test_production_takes_safe_settings(safe: dict[str, str]) -> None:
    assert load_settings(uses=EVERYTHING, root=WITHOUT_FILE).environment is Environment.PRODUCTION


@pytest.mark.parametrize(
    ("name", "unsafe", "why"),
    [
        ("ORDERPULSE_POSTGRES__PASSWORD", DEFAULT_PASSWORD, "is the default password"),
        ("ORDERPULSE_POSTGRES__PASSWORD", "Tr0ub4dor&3", "has fewer than 32 bytes"),
        ("ORDERPULSE_POSTGRES__SSLMODE", "require", "must be verify-full"),
        ("ORDERPULSE_POSTGRES__CA_FILE", "/nowhere/ca.pem", "names no file"),
        ("ORDERPULSE_POSTGRES__CA_FILE", None, "must be set"),
        ("ORDERPULSE_KAFKA__SECURITY_PROTOCOL", "PLAINTEXT", "must be SASL_SSL"),
        ("ORDERPULSE_KAFKA__USERNAME", None, "must be set"),
        ("ORDERPULSE_KAFKA__PASSWORD", None, "must be set"),
        ("ORDERPULSE_KAFKA__PASSWORD", "ab" * 40, "repeats a few characters"),
        ("ORDERPULSE_KAFKA__CA_FILE", "/nowhere/ca.pem", "names no file"),
        ("ORDERPULSE_API__AUTH", "off", "must be required"),
        ("ORDERPULSE_API__JWT_SECRET", "too-short-for-HS256", "has fewer than 32 bytes"),
        ("ORDERPULSE_API__JWT_SECRET", "ab" * 40, "repeats a few characters"),
        ("ORDERPULSE_API__JWT_PUBLIC_KEY_FILE", "/nowhere/key.pem", "names no file"),
        ("ORDERPULSE_API__CORS_ORIGINS", "https://shop.example, *", "must list origins"),
        ("ORDERPULSE_LOG_LEVEL", "debug", "must not be debug"),
        ("ORDERPULSE_ALERTS__WEBHOOK_URL", "http://chat.example/hook", "must begin with https://"),
    ],
)
def test_production_refuses_each_unsafe_setting_and_no_other(
    monkeypatch: pytest.MonkeyPatch, safe: dict[str, str], name: str, unsafe: str | None, why: str
) -> None:
    if unsafe is None:
        monkeypatch.delenv(name)
    else:
        monkeypatch.setenv(name, unsafe)
    message = refusal()
    assert f"{name} {why}" in message
    assert message.count("ORDERPULSE_") == 1
    assert unsafe is None or "FILE" in name or f" {unsafe}" not in message.replace("must not be debug", "")


def test_production_refuses_an_api_without_a_key(
    monkeypatch: pytest.MonkeyPatch, safe: dict[str, str]
) -> None:
    monkeypatch.delenv("ORDERPULSE_API__JWT_SECRET")
    assert "ORDERPULSE_API__JWT_JWKS_FILE must be set" in refusal()
    monkeypatch.setenv("ORDERPULSE_API__JWT_JWKS_FILE", safe["ORDERPULSE_KAFKA__CA_FILE"])
    assert load_settings(uses=EVERYTHING, root=WITHOUT_FILE).api.jwt_secret is None


def test_production_tells_all_faults_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ENVIRONMENT", "production")
    message = refusal()
    wanted = {
        "POSTGRES": ("PASSWORD", "SSLMODE", "CA_FILE"),
        "KAFKA": ("SECURITY_PROTOCOL", "USERNAME", "PASSWORD", "CA_FILE"),
        "API": ("AUTH", "JWT_JWKS_FILE"),
    }
    for group, names in wanted.items():
        for name in names:
            assert f"ORDERPULSE_{group}__{name} " in message


def test_production_asks_a_process_only_for_what_it_uses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ENVIRONMENT", "production")
    for uses, named, not_named in (
        ({"postgres", "tokens"}, ("POSTGRES__", "API__AUTH"), ("KAFKA__",)),
        ({"postgres", "kafka"}, ("POSTGRES__", "KAFKA__"), ("API__",)),
    ):
        with pytest.raises(SettingsError) as refused:
            load_settings(uses=uses, root=WITHOUT_FILE)  # type: ignore[arg-type]  # two sets of literals
        assert all(name in str(refused.value) for name in named)
        assert not any(name in str(refused.value) for name in not_named)
    load_settings(uses=(), root=WITHOUT_FILE)


@pytest.mark.parametrize(("mode", "well"), [(0o600, True), (0o640, True), (0o644, False), (0o660, False)])
def test_production_refuses_secrets_that_others_may_read_or_change(
    monkeypatch: pytest.MonkeyPatch, safe: dict[str, str], tmp_path: Path, mode: int, well: bool
) -> None:
    folder = tmp_path / "secrets"
    folder.mkdir()
    monkeypatch.setenv("ORDERPULSE_SECRETS_DIR", str(folder))
    files = (folder / "orderpulse_kafka__password", tmp_path / ".env")
    for file in files:
        file.write_text(STRONG if file.parent == folder else "# nothing")
        file.chmod(mode)
    if well:
        load_settings(uses=EVERYTHING, root=tmp_path)
    else:
        message = refusal(tmp_path)
        assert all(f"{file.name} is open to others (mode {mode:04o})" in message for file in files)


def test_production_refuses_a_key_that_anybody_may_replace(safe: dict[str, str]) -> None:
    Path(safe["ORDERPULSE_KAFKA__CA_FILE"]).chmod(0o666)
    assert "ORDERPULSE_KAFKA__CA_FILE names a file that anyone may change" in refusal()


@pytest.fixture
def secrets_dir(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """An empty folder that the settings read secrets from."""
    folder = tmp_path / "secrets"
    folder.mkdir()
    monkeypatch.setenv("ORDERPULSE_SECRETS_DIR", str(folder))
    return folder


def test_a_secret_file_sets_what_the_environment_leaves_open(
    monkeypatch: pytest.MonkeyPatch, secrets_dir: Path
) -> None:
    (secrets_dir / "orderpulse_postgres__password").write_text("from-a-file \n")
    (secrets_dir / "orderpulse_kafka__password").write_text("from-a-file")
    (secrets_dir / "ca.pem").write_bytes(b"\xff")
    monkeypatch.setenv("ORDERPULSE_KAFKA__PASSWORD", "from-the-environment")
    monkeypatch.setenv("ORDERPULSE_KAFKA__USERNAME", "ann")
    settings = load_settings(root=WITHOUT_FILE)
    assert settings.postgres.password.get_secret_value() == "from-a-file "
    assert settings.kafka.password is not None
    assert settings.kafka.password.get_secret_value() == "from-the-environment"
    assert settings.kafka.username == "ann"


def test_the_folder_of_secrets_may_be_named_in_the_file(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / ".env").write_text("ORDERPULSE_SECRETS_DIR=inside")
    (tmp_path / "inside").mkdir()
    (tmp_path / "inside" / "orderpulse_postgres__password").write_text("from-a-file")
    assert load_settings(root=tmp_path).postgres.password.get_secret_value() == "from-a-file"


@pytest.mark.parametrize(
    ("name", "content", "why"),
    [
        ("orderpulse_postgres__password", b" \n", "is empty"),
        ("orderpulse_postgres__password", b"\xff", "not valid UTF-8"),
        ("orderpulse_postgres__pasword", b"x", "ORDERPULSE_POSTGRES__PASWORD"),
        ("orderpulse_postgre__password", b"x", "named like no setting"),
        ("orderpulse_postgres__port", b"five", "ORDERPULSE_POSTGRES__PORT"),
    ],
)
def test_a_secret_file_that_is_of_no_use_is_reported(
    secrets_dir: Path, name: str, content: bytes, why: str
) -> None:
    (secrets_dir / name).write_bytes(content)
    assert why in refusal()


def test_a_secret_file_that_leads_nowhere_is_reported(secrets_dir: Path) -> None:
    (secrets_dir / "orderpulse_postgres__password").symlink_to(secrets_dir / "gone")
    assert "cannot be read (No such file or directory)" in refusal()


def test_a_missing_folder_of_secrets_is_reported(secrets_dir: Path) -> None:
    secrets_dir.rmdir()
    assert f"ORDERPULSE_SECRETS_DIR: there is no folder {secrets_dir}" in refusal()


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


@pytest.mark.parametrize(
    ("written", "password"),
    [
        (b"\xef\xbb\xbfORDERPULSE_POSTGRES__PASSWORD=secret\r\nENVIRONMENT=test\r\n", "secret"),
        (b"ORDERPULSE_POSTGRES__PASSWORD=a#b\r\n", "a#b"),
        (b"ORDERPULSE_POSTGRES__PASSWORD=#ab\n", "#ab"),
        (b"ORDERPULSE_POSTGRES__PASSWORD='a #b'\n", "a #b"),
        (b'ORDERPULSE_POSTGRES__PASSWORD="a #b"  # for now\n', "a #b"),
        (b"ORDERPULSE_POSTGRES__PASSWORD=a${HOME}b\n", "a${HOME}b"),
        (b"export ORDERPULSE_POSTGRES__PASSWORD=a=b\n", "a=b"),
        ("ORDERPULSE_POSTGRES__PASSWORD=mật khẩu\n".encode(), "mật khẩu"),
        (b"ORDERPULSE_POSTGRES__PORT=5433 # ours\n", DEFAULT_PASSWORD),
    ],
)
def test_a_file_is_read_as_editors_write_it(tmp_path: Path, written: bytes, password: str) -> None:
    (tmp_path / ".env").write_bytes(written)
    settings = load_settings(root=tmp_path)
    assert settings.postgres.password.get_secret_value() == password
    assert settings.environment is (Environment.TEST if b"ENV" in written else Environment.DEVELOPMENT)
    assert settings.postgres.port == (5433 if b"5433" in written else 5432)


@pytest.mark.parametrize(
    ("written", "why"),
    [
        (
            b"ORDERPULSE_LOG_LEVEL=info\nORDERPULSE_POSTGRES__PASSWORD=hunter2 #x\n",
            "line 2: ORDERPULSE_POSTGRES",
        ),
        (
            b"ORDERPULSE_LOG_LEVEL=info\nORDERPULSE_API__METRICS_TOKEN=hunter2 #x\n",
            "line 2: ORDERPULSE_API",
        ),
        (
            b"ORDERPULSE_POSTGRES__PASSWORD='hunter2\n",
            "line 1: cannot be read. Is a quotation mark not closed?",
        ),
        ("ORDERPULSE_POSTGRES__PASSWORD=hunter2".encode("utf-16"), "save it as UTF-8"),
    ],
)
def test_a_file_that_would_lose_a_part_of_a_value_is_refused(
    tmp_path: Path, written: bytes, why: str
) -> None:
    (tmp_path / ".env").write_bytes(written)
    message = refusal(tmp_path)
    assert f"{tmp_path / '.env'}" in message
    assert why in message
    assert "hunter2" not in message


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
