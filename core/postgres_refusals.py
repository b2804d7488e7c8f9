"""Why PostgreSQL refuses a connection, with what to do: libpq's own messages state neither clearly."""

from core.settings import PostgresSettings

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
            "It does not accept such a connection of the user {user} from here: it may require TLS (yours: "
            "sslmode={sslmode}), or another user. Set ORDERPULSE_POSTGRES__SSLMODE=verify-full and "
            "ORDERPULSE_POSTGRES__CA_FILE"
        ),
    ),
    (
        ("does not support SSL",),
        (
            "It does not support TLS, which sslmode={sslmode} requires: this is another server, or one without a "
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
            "ORDERPULSE_POSTGRES__CA_FILE to the authority's certificate; if that is the correct one, suspect an attack"
        ),
    ),
    (
        ("root certificate file",),
        (
            "There is no certificate of an authority to verify the server's: {ca_file} cannot be read. Set "
            "ORDERPULSE_POSTGRES__CA_FILE to it"
        ),
    ),
    (
        ("protocol version", "unsupported protocol", "no protocols available"),
        "It supports only TLS 1.3, and the client does not",
    ),
    (
        ("permission denied for database",),
        "The user {user} has no right to enter the database {database}. docs/roles.md lists who has",
    ),
    (
        ("does not exist",),
        "It has no database {database} or no user {user}. `orderpulse up` creates them",
    ),
)
"""Parts of libpq's message, and our sentence; the first match counts. A retry would not help."""

_EXHAUSTED = (
    "too many clients already",
    "remaining connection slots are reserved",
    "too many connections for",
)
"""libpq's messages if all connections are in use (53300): a retry succeeds once one is closed."""


def connections_exhausted(error: BaseException) -> str | None:
    """A sentence if all connections are in use, with what to do; None for any other error."""
    if not any(part in str(error) for part in _EXHAUSTED):
        return None
    return (
        "All its connections are in use, also by other programs (max_connections, or a limit of the user or "
        "database). Nothing is lost, and work continues once one is free: close unneeded ones (pg_stat_activity "
        "lists them), or raise the limit"
    )


def refusal(error: BaseException, settings: PostgresSettings) -> str | None:
    """A sentence without full stop if the server refused us; None otherwise: it may only be down."""
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
    """Why the connection failed: our sentence for a refusal or a full server, else libpq's last line."""
    lines = str(error).strip().splitlines() or [type(error).__name__]
    return refusal(error, settings) or connections_exhausted(error) or lines[-1]
