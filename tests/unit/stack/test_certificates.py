"""The files of the private authority and of what it signs."""

import stat
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import get_args

import pytest
from cryptography import x509
from cryptography.x509.verification import PolicyBuilder, Store, VerificationError

from core.errors import StackError
from core.settings import Settings, load_settings
from stack.secure import certificates
from stack.secure.authority import Authority, Pair
from stack.secure.certificates import (
    ServerName,
    ensure_certificates,
    renew_certificates,
    replace_authority,
    retire_authorities,
    server_file,
    trusted_file,
)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return load_settings(stack={"data_dir": tmp_path / "data"})


def _certificate(settings: Settings, name: ServerName) -> x509.Certificate:
    return Pair.read(server_file(settings, name).read_bytes()).certificate


def _verify(settings: Settings, name: ServerName, host: str) -> None:
    """As a client does that trusts `ca.pem` (RFC 5280, strictly)."""
    trusted = Store(x509.load_pem_x509_certificates(trusted_file(settings).read_bytes()))
    verifier = PolicyBuilder().store(trusted).build_server_verifier(x509.DNSName(host))
    verifier.verify(_certificate(settings, name), [])


def test_every_server_has_a_certificate_that_clients_accept(settings: Settings) -> None:
    ensure_certificates(settings, ["db.example"])
    for name in get_args(ServerName):
        _verify(settings, name, "localhost")
        _verify(settings, name, "db.example")
        with pytest.raises(VerificationError):
            _verify(settings, name, "elsewhere.example")


def test_only_the_owner_reads_keys(settings: Settings) -> None:
    ensure_certificates(settings)
    for path in trusted_file(settings).parent.iterdir():
        private = b"PRIVATE KEY" in path.read_bytes()
        assert not private or stat.S_IMODE(path.stat().st_mode) == 0o600, path
    assert b"PRIVATE KEY" not in trusted_file(settings).read_bytes()
    assert stat.S_IMODE(trusted_file(settings).stat().st_mode) == 0o644


def test_only_the_brokers_certificate_is_a_clients_too(settings: Settings) -> None:
    ensure_certificates(settings)
    purposes = {
        name: _certificate(settings, name).extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
        for name in get_args(ServerName)
    }
    client = x509.oid.ExtendedKeyUsageOID.CLIENT_AUTH
    assert [name for name, each in purposes.items() if client in each] == ["kafka"]


def test_what_is_there_stays(settings: Settings) -> None:
    ensure_certificates(settings, ["db.example"])
    former = [_certificate(settings, name) for name in get_args(ServerName)]
    ensure_certificates(settings)
    assert [_certificate(settings, name) for name in get_args(ServerName)] == former


def test_those_who_ask_at_the_same_time_find_the_same(settings: Settings) -> None:
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: ensure_certificates(settings), range(8)))
    assert trusted_file(settings).read_text().count("BEGIN CERTIFICATE") == 1
    for name in get_args(ServerName):
        _verify(settings, name, "localhost")


def test_a_certificate_that_ends_soon_is_renewed(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    ensure_certificates(settings)
    former = _certificate(settings, "kafka")
    monkeypatch.setattr(certificates, "RENEW_BEFORE", timedelta(days=366))
    assert [each.name for each in certificates.certificates(settings) if each.due] == [*get_args(ServerName)]
    ensure_certificates(settings)
    renewed = _certificate(settings, "kafka")
    assert renewed.serial_number != former.serial_number
    assert renewed.not_valid_after_utc - datetime.now(UTC) > timedelta(days=364)


def test_the_authority_changes_in_three_steps(settings: Settings) -> None:
    ensure_certificates(settings)
    replace_authority(settings)
    _verify(settings, "kafka", "localhost")
    with pytest.raises(StackError, match="kafka, postgres, proxy are signed by a former authority"):
        retire_authorities(settings)
    renew_certificates(settings)
    _verify(settings, "kafka", "localhost")
    retire_authorities(settings)
    _verify(settings, "kafka", "localhost")


def test_another_authority_of_the_same_name_is_distinguished(settings: Settings) -> None:
    ensure_certificates(settings)
    server_file(settings, "proxy").write_bytes(
        Authority.make().issue("orderpulse proxy", ["localhost"]).to_pem()
    )
    (foreign,) = [each for each in certificates.certificates(settings) if not each.by_present_authority]
    assert (foreign.name, foreign.due) == ("proxy", True)


def test_without_an_authority_the_way_to_one_is_reported(settings: Settings) -> None:
    for change in (renew_certificates, replace_authority, retire_authorities):
        with pytest.raises(StackError, match="orderpulse certs make"):
            change(settings)


def test_a_damaged_file_is_reported(settings: Settings) -> None:
    ensure_certificates(settings)
    server_file(settings, "kafka").write_text("nothing")
    with pytest.raises(StackError, match=r"kafka\.pem is not a key with its certificate"):
        ensure_certificates(settings)
