"""Why PostgreSQL lets nobody in, in words that say what to do: libpq's own say neither plainly."""

from core.settings import PostgresSettings

__all__ = ["reason_of", "refusal"]

_REFUSALS = (
    (
        ("password authentication failed", "no password supplied"),
        (
            "It refuses the password of the user {user}. Set ORDERPULSE_POSTGRES__USER and "
            "ORDERPULSE_POSTGRES__PASSWORD to a user of this server"
        ),
    ),
    (
        ("pg_hba.conf rejects connection", "no pg_hba.conf entry"),
        (
            "It does not take such a connection of the user {user} from here: it may demand TLS (yours: "
            "sslmode={sslmode}), or another user. Set ORDERPULSE_POSTGRES__SSLMODE=verify-full and "
            "ORDERPULSE_POSTGRES__CA_FILE"
        ),
    ),
    (
        ("does not support SSL",),
        (
            "It does not speak TLS, which sslmode={sslmode} demands: this is another server, or one without a "
            "certificate. See `orderpulse up --secure`"
        ),
    ),
    (
        ("does not match host name",),
        (
            "Its certificate is not for the host {host}. Set ORDERPULSE_POSTGRES__HOST to a name that the certificate "
            "has, or renew the certificate for this one"
        ),
    ),
    (
        ("certificate verify failed", "unable to get local issuer certificate"),
        (
            "Its certificate is not signed by an authority in {ca_file}, or has expired. Set "
            "ORDERPULSE_POSTGRES__CA_FILE to the authority's certificate; if it is the right one, be suspicious"
        ),
    ),
    (
        ("root certificate file",),
        (
            "There is no certificate of an authority to verify the server's with: {ca_file} cannot be read. Set "
            "ORDERPULSE_POSTGRES__CA_FILE to it"
        ),
    ),
    (
        ("protocol version", "unsupported protocol", "no protocols available"),
        "It speaks TLS 1.3 only, and the client does not",
    ),
    (
        ("permission denied for database",),
        "The user {user} has no right to enter the database {database}. docs/roles.md says who has",
    ),
    (
        ("does not exist",),
        "It has no database {database} or no user {user}. `orderpulse up` makes them",
    ),
)
"""What libpq's message contains, and what we say; the first that fits. Trying again would change none."""


def refusal(error: BaseException, settings: PostgresSettings) -> str | None:
    """The sentence (without its full stop), or None where it is no refusal: the server may only be away."""
    said = str(error)
    for parts, sentence in _REFUSALS:
        if any(part in said for part in parts):
            return sentence.format(
                user=settings.user,
                host=settings.host,
                database=settings.database,
                sslmode=settings.sslmode,
                ca_file=settings.ca_file or "the default file (~/.postgresql/root.crt)",
            )
    return None


def reason_of(error: BaseException, settings: PostgresSettings) -> str:
    """The refusal's sentence, or the last line of what libpq says."""
    lines = str(error).strip().splitlines() or [type(error).__name__]
    return refusal(error, settings) or lines[-1]
