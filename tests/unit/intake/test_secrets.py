"""Secrets of senders: for their owner alone, replaced without a restart, never shown."""

import stat
from pathlib import Path

import pytest

from core.errors import SettingsError
from core.settings import Environment, Settings, load_settings
from intake.secrets import Secrets, write_secret
from intake.signatures import SignatureError


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return load_settings(stack={"data_dir": tmp_path})


def test_a_secret_is_for_its_owner_alone(settings: Settings) -> None:
    secrets = Secrets(settings)
    path = secrets.source_file("stripe")
    write_secret(path, b"whsec_1\n")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert secrets.of_source("stripe").secrets == ("whsec_1",)
    assert "whsec_1" not in repr(secrets.of_source("stripe"))
    assert [each.name for each in path.parent.iterdir()] == ["stripe"]


def test_a_replaced_secret_is_taken_at_once(settings: Settings) -> None:
    secrets = Secrets(settings)
    assert secrets.of_source("stripe").secrets == ()
    for text, expected in ((b"one\n", ("one",)), (b"one\n two \n\n", ("one", "two")), (b"\n", ())):
        write_secret(secrets.source_file("stripe"), text)
        assert secrets.of_source("stripe").secrets == expected
    secrets.source_file("stripe").unlink()
    assert secrets.of_source("stripe").secrets == ()


def test_a_key_tells_the_sender(settings: Settings) -> None:
    secrets = Secrets(settings)
    with pytest.raises(SignatureError):
        secrets.sender("key")
    write_secret(secrets.sender_file("shop"), b"key-of-shop\n")
    write_secret(secrets.sender_file("till"), b"key-of-till\n")
    assert [secrets.sender(f"key-of-{name}") for name in ("shop", "till")] == ["shop", "till"]
    for wrong in ("", "key-of", "key-of-shop\n", "KEY-OF-SHOP", "é"):
        with pytest.raises(SignatureError):
            secrets.sender(wrong)


def test_production_refuses_a_secret_that_others_may_read(settings: Settings) -> None:
    path = Secrets(settings).source_file("stripe")
    write_secret(path, b"whsec_1\n")
    path.chmod(0o644)
    assert Secrets(settings).of_source("stripe").secrets
    production = settings.model_copy(update={"environment": Environment.PRODUCTION})
    with pytest.raises(SettingsError, match="open to others"):
        Secrets(production).of_source("stripe")


def test_a_secret_that_cannot_be_used_is_said(settings: Settings) -> None:
    path = Secrets(settings).source_file("stripe")
    write_secret(path, bytes(70_000))
    with pytest.raises(SettingsError, match="too large"):
        Secrets(settings).of_source("stripe")
    path.unlink()
    path.mkdir()
    with pytest.raises(SettingsError, match="cannot be read"):
        Secrets(settings).of_source("stripe")
