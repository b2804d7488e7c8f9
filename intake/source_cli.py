"""`orderpulse source`: what sources there are, how they map a message, and what they are verified with."""

import secrets as random
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Annotated

import typer
from cryptography import x509

from core.clock import utc_now
from core.settings import Settings, read_settings
from intake.address import source_address
from intake.mapping.errors import SourceError, UnmappedError
from intake.mapping.registry import SUFFIX, Registry
from intake.mapping.source import NAME, NAME_RULE, Source
from intake.secrets import CERTIFICATES, Secrets, require_distinct, write_secret
from intake.signatures import StandardWebhooks
from intake.trial import Trial, try_message

TEMPLATE = Path(__file__).with_name("template.yaml")
KEY_BYTES = 32

app = typer.Typer(
    no_args_is_help=True,
    help="Shops and payment gateways that send their orders to intake.",
    context_settings={"help_option_names": ["-h", "--help"]},
)
Name = Annotated[str, typer.Argument(metavar="NAME", help="As `list` shows it.")]


@app.command(name="list")
def list_command() -> None:
    """Show all sources, whether they have a secret, and their addresses."""
    settings = read_settings()
    registry, secrets = Registry(settings.sources_dir), Secrets(settings)
    rows = [("name", "title", "secret", "file", "address")]
    for name in registry.names():
        try:
            source = registry.get(name)
            title = "" if source is None else source.title
        except SourceError:
            title = "unusable; see `show`"
        has = "set" if secrets.of_source(name).secrets else "-"
        place = str(registry.path(name)) if registry.is_own(name) else "built in"
        rows.append((name, title, has, place, source_address(settings, name)))
    _print_table(rows)


@app.command()
def show(name: Name) -> None:
    """Show how to connect a source, and which events its messages give."""
    settings = read_settings()
    registry, source = _registry_and_source(settings, name)
    has_secret = bool(Secrets(settings).of_source(name).secrets)
    typer.echo(f"{source.title} ({registry.path(name)})")
    typer.echo(f"address    {source_address(settings, name)}")
    typer.echo(
        f"signature  {source.signature.scheme}; the secret is {'set' if has_secret else 'not set yet'}"
    )
    typer.echo("\nSet-up:")
    for number, step in enumerate(source.setup, 1):
        typer.echo(f"  {number}. {step}")
    typer.echo("\nMessages:")
    for message, rules in source.messages.items():
        typer.echo(
            f"  {message}: {', '.join(dict.fromkeys(kind for rule in rules for kind in _kinds(rule.event)))}"
        )
    if source.ignore:
        typer.echo(f"  without an event: {', '.join(source.ignore)}")


@app.command(name="try")
def try_command(
    name: Name,
    file: Annotated[
        str, typer.Argument(help="A message as it was sent (body, or query); `-`: standard input.")
    ],
    header: Annotated[
        list[str] | None, typer.Option(help="A header of the message: `X-Shopify-Topic: orders/paid`.")
    ] = None,
) -> None:
    """Show the events that a message gives, and the contract's verdict on each field. Sends nothing, verifies nothing."""
    settings = read_settings()
    _, source = _registry_and_source(settings, name)
    now = utc_now()
    try:
        trials = try_message(settings, source, _content(file), _headers(source, header or []), now)
    except UnmappedError as error:
        typer.echo(f"It does not map: {error}\nIt would be kept as a rejected record ({error.reason}).")
        raise typer.Exit(1) from None
    if not trials:
        typer.echo(
            "It maps but gives no event: it is not about an order or payment, or an earlier message reported it."
        )
    for number, trial in enumerate(trials, 1):
        _print_event(number, trial)
    if not all(trial.accepted for trial in trials):
        raise typer.Exit(1)


@app.command()
def new(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Lower-case letters, digits and dashes.")],
    like: Annotated[
        str | None, typer.Option(help="Start with a copy of this source.", metavar="NAME")
    ] = None,
) -> None:
    """Start a source of your own: a file to edit, with examples in it."""
    settings = read_settings()
    registry = Registry(settings.sources_dir)
    if not NAME.fullmatch(name):
        raise SourceError(f"'{name}' cannot name a source: a name {NAME_RULE}.")
    if registry.is_own(name):
        raise SourceError(f"The source '{name}' exists already: {registry.path(name)}")
    require_distinct(Secrets(settings).senders(), [name])
    template = TEMPLATE if like is None else registry.path(like)
    if template is None:
        raise _unknown(registry, like or "")
    path = settings.sources_dir / f"{name}{SUFFIX}"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(template.read_text(encoding="utf-8"), encoding="utf-8")
    typer.echo(
        f"{path}\nEdit it, then: orderpulse source try {name} FILE; orderpulse source secret {name} --generate"
    )


@app.command()
def secret(
    name: Name,
    generate: Annotated[bool, typer.Option("--generate", help="Create one, and show it once.")] = False,
    add: Annotated[
        bool, typer.Option("--add", help="Keep the previous ones valid, too, while it is replaced.")
    ] = False,
    certificates: Annotated[
        Path | None, typer.Option(help="Certificates (PEM) that the sender signs with, for PayPal.")
    ] = None,
) -> None:
    """Set the secret that verifies a source's messages. It is prompted for, or read from standard input."""
    settings = read_settings()
    _, source = _registry_and_source(settings, name)
    path, known = Secrets(settings).source_file(name), Secrets(settings).of_source(name)
    if certificates is not None:
        write_secret(path.with_name(path.name + CERTIFICATES), _certificates(certificates))
        typer.echo(f"The certificates of {name} are set.")
        return
    value = _generated(source) if generate else _asked(f"Secret of {source.title}")
    if isinstance(source.signature, StandardWebhooks):
        _check_standard_secret(value)
    kept = [each for each in known.secrets if each != value] if add else []
    write_secret(path, "".join(f"{each}\n" for each in [*kept, value]).encode())
    if generate:
        typer.echo(value)
    typer.echo(f"The secret of {name} is set; intake uses it at once. It is in {path}.", err=True)


@app.command()
def key(
    name: Annotated[
        str, typer.Argument(metavar="NAME", help="Of the sender: lower-case letters, digits and dashes.")
    ],
) -> None:
    """Create a key for a sender of /v1/events, in place of its previous one, and show it once."""
    if not NAME.fullmatch(name):
        raise SourceError(f"'{name}' cannot name a sender: a name {NAME_RULE}.")
    settings = read_settings()
    require_distinct([name], Registry(settings.sources_dir).names())
    value = random.token_urlsafe(KEY_BYTES)
    write_secret(Secrets(settings).sender_file(name), f"{value}\n".encode())
    typer.echo(value)


def _registry_and_source(settings: Settings, name: str) -> tuple[Registry, Source]:
    registry = Registry(settings.sources_dir)
    found = registry.get(name)
    if found is None:
        raise _unknown(registry, name)
    return registry, found


def _unknown(registry: Registry, name: str) -> SourceError:
    return SourceError(f"There is no source '{name}'; there are {', '.join(registry.names())}.")


def _kinds(event: object) -> Iterable[str]:
    """The kinds of event that a rule may give."""
    values = [
        getattr(event, "value", None),
        *getattr(event, "table", {}).values(),
        getattr(event, "default", None),
    ]
    return [each for each in values if each]


def _content(file: str) -> bytes:
    try:
        return sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
    except OSError as error:
        raise SourceError(f"{file} cannot be read: {error.strerror}") from None


def _headers(source: Source, lines: list[str]) -> dict[str, str]:
    named = {
        name.strip().lower(): value.strip() for name, _, value in (each.partition(":") for each in lines)
    }
    if missing := [name for name in source.headers if name not in named]:
        typer.echo(f"Without --header '{missing[0]}: ...' its expressions find nothing there.", err=True)
    return named


def _print_event(number: int, trial: Trial) -> None:
    typer.echo(f"Event {number}: {trial.event.value.decode()}")
    _print_table([(f"  {each.name}", each.value, each.fault or each.note or "ok") for each in trial.fields])
    typer.echo("  The contract accepts it.\n" if trial.accepted else "  The contract rejects it.\n")


def _print_table(rows: Sequence[tuple[str, ...]]) -> None:
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for row in rows:
        typer.echo("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


def _generated(source: Source) -> str:
    if source.signature.scheme in ("stripe", "certificate", "sorted_query", "signed_fields", "signed_field"):
        raise SourceError(
            f"{source.title} creates this secret itself; see `orderpulse source show {source.name}`."
        )
    if isinstance(source.signature, StandardWebhooks):
        import base64

        return "whsec_" + base64.b64encode(random.token_bytes(KEY_BYTES)).decode()
    return random.token_urlsafe(KEY_BYTES)


def _asked(prompt: str) -> str:
    value = (
        typer.prompt(prompt, hide_input=True, type=str) if sys.stdin.isatty() else sys.stdin.readline()
    ).strip()
    if not value:
        raise SourceError("The secret is empty.")
    return str(value)


def _check_standard_secret(value: str) -> None:
    from intake.signatures.scheme import SignatureError, from_base64

    try:
        from_base64(value.removeprefix("whsec_"))
    except SignatureError:
        raise SourceError("A Standard Webhooks secret is `whsec_` and a key in base64.") from None


def _certificates(path: Path) -> bytes:
    try:
        content = path.read_bytes()
        if b"PRIVATE KEY" in content:
            raise SourceError(f"{path} holds a private key; only certificates belong there.")
        x509.load_pem_x509_certificates(content)
    except OSError as error:
        raise SourceError(f"{path} cannot be read: {error.strerror}") from None
    except ValueError:
        raise SourceError(f"{path} contains no PEM certificate.") from None
    return content
