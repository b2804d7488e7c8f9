"""The certificates of a secured platform, in `<data_dir>/certificates`; docs/encryption.md describes their lifecycle.

| file | what | who may read it |
| --- | --- | --- |
| `authority.pem` | key and certificate of the private authority | its owner |
| `ca.pem` | the certificates that clients trust; two of them while the authority changes | everyone |
| `kafka.pem`, `postgres.pem`, `proxy.pem` | a server's key and certificate | its owner |

Each file is replaced by a rename, so that a reader sees either the old or the new one.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal, get_args

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from filelock import FileLock

from core.errors import StackError
from core.settings import Settings
from stack.host.private_files import replace_file, write_private
from stack.secure.authority import Authority, Pair, names_of

ServerName = Literal["kafka", "postgres", "proxy"]
KAFKA_PRINCIPAL = "orderpulse_broker"
"""Common name of the brokers' certificate, by which brokers and controllers authenticate each other."""

OWN_HOSTS = ("localhost", "127.0.0.1", "::1")
RENEW_BEFORE = timedelta(days=30)
AUTHORITY = "authority.pem"
LOCK_TIMEOUT_S = 30.0


@dataclass(frozen=True, slots=True)
class Certificate:
    """Description of a certificate: `name` is a server's, or `authority`."""

    name: str
    hosts: tuple[str, ...]
    until: datetime
    by_present_authority: bool

    @property
    def due(self) -> bool:
        """Whether it needs a renewal: it expires within 30 days, or an earlier authority signed it."""
        return _ends_soon(self.until) or not self.by_present_authority


def trusted_file(settings: Settings) -> Path:
    """The file with the authorities that clients trust."""
    return _folder(settings) / "ca.pem"


def server_file(settings: Settings, name: ServerName) -> Path:
    """The file with a server's key and certificate."""
    return _folder(settings) / f"{name}.pem"


def ensure_certificates(settings: Settings, hosts: Iterable[str] = ()) -> None:
    """Create missing certificates, and renew those that expire within 30 days. Safe to call concurrently."""
    with _locked(settings):
        authority = _authority(settings) or _make_authority(settings)
        for name in get_args(ServerName):
            present = _server(settings, name)
            names = _all_hosts(present, hosts)
            if present is None or _lacks(present.certificate, names):
                _issue(settings, authority, name, names)


def renew_certificates(settings: Settings, hosts: Iterable[str] = ()) -> None:
    """Create new keys and certificates for all servers, for their hosts and `hosts`.

    Raises `StackError` if there is no authority.
    """
    with _locked(settings):
        authority = _present_authority(settings)
        for name in get_args(ServerName):
            _issue(settings, authority, name, _all_hosts(_server(settings, name), hosts))


def replace_authority(settings: Settings) -> None:
    """Create a new authority, which signs from now on; clients also trust the former ones.

    Raises `StackError` if there is none to replace.
    """
    with _locked(settings):
        _present_authority(settings)
        _make_authority(settings)


def retire_authorities(settings: Settings) -> None:
    """Trust only the current authority. Raises `StackError` while a server has a former one's certificate."""
    with _locked(settings):
        authority = _present_authority(settings)
        left = [each.name for each in certificates(settings) if not each.by_present_authority]
        if left:
            raise StackError(
                f"The certificates of {', '.join(left)} are signed by a former authority, which clients must "
                "trust until `orderpulse certs renew` has replaced them."
            )
        replace_file(trusted_file(settings), authority.pair.public_pem(), 0o644)


def certificates(settings: Settings) -> list[Certificate]:
    """The current authority's certificate and those of the servers; empty if there are none."""
    authority = _authority(settings)
    if authority is None:
        return []
    servers = ((name, _server(settings, name)) for name in get_args(ServerName))
    return [_described(authority, "authority", authority.pair)] + [
        _described(authority, name, pair) for name, pair in servers if pair is not None
    ]


def _lacks(certificate: x509.Certificate, hosts: Iterable[str]) -> bool:
    """Whether a certificate expires soon or lacks some of `hosts`."""
    return _ends_soon(certificate.not_valid_after_utc) or not set(hosts) <= set(names_of(certificate))


def _ends_soon(until: datetime) -> bool:
    return until - datetime.now(UTC) < RENEW_BEFORE


def _described(authority: Authority, name: str, pair: Pair) -> Certificate:
    hosts = () if name == "authority" else tuple(names_of(pair.certificate))
    return Certificate(
        name, hosts, pair.certificate.not_valid_after_utc, _signed(authority, pair.certificate)
    )


def _signed(authority: Authority, certificate: x509.Certificate) -> bool:
    try:
        certificate.verify_directly_issued_by(authority.pair.certificate)
    except (InvalidSignature, ValueError):
        return False
    return True


def _present_authority(settings: Settings) -> Authority:
    authority = _authority(settings)
    if authority is None:
        raise StackError(f"{_folder(settings)} has no authority; `orderpulse certs make` creates one.")
    return authority


def _make_authority(settings: Settings) -> Authority:
    """Create an authority. Its certificate is trusted before its key is written, so that it never signs untrusted."""
    authority, path = Authority.make(), trusted_file(settings)
    former = path.read_bytes() if path.exists() else b""
    replace_file(path, authority.pair.public_pem() + former, 0o644)
    write_private(_folder(settings) / AUTHORITY, authority.pair.to_pem())
    return authority


def _issue(settings: Settings, authority: Authority, name: ServerName, hosts: Iterable[str]) -> None:
    common_name = KAFKA_PRINCIPAL if name == "kafka" else f"orderpulse {name}"
    pair = authority.issue(common_name, hosts, also_client=name == "kafka")
    write_private(server_file(settings, name), pair.to_pem())


def _all_hosts(present: Pair | None, hosts: Iterable[str]) -> list[str]:
    """The hosts of a renewed certificate, including those requested earlier."""
    former = names_of(present.certificate) if present else ()
    return list(dict.fromkeys((*OWN_HOSTS, *former, *hosts)))


def _authority(settings: Settings) -> Authority | None:
    pair = _read(_folder(settings) / AUTHORITY)
    return None if pair is None else Authority(pair)


def _server(settings: Settings, name: ServerName) -> Pair | None:
    return _read(server_file(settings, name))


def _read(path: Path) -> Pair | None:
    try:
        return Pair.read(path.read_bytes())
    except FileNotFoundError:
        return None
    except ValueError as error:
        raise StackError(f"{path} is not a key with its certificate ({error}).") from None


def _folder(settings: Settings) -> Path:
    return settings.data_dir / "certificates"


def _locked(settings: Settings) -> FileLock:
    folder = _folder(settings)
    folder.mkdir(parents=True, exist_ok=True)
    return FileLock(folder / ".lock", timeout=LOCK_TIMEOUT_S)
