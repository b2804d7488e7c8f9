"""`orderpulse certs`: the certificates of a secured platform (docs/encryption.md)."""

from typing import Annotated

import typer

from core.settings import Settings

__all__ = ["app"]

app = typer.Typer(no_args_is_help=True, help="The certificates of a secured platform.")
Hosts = Annotated[
    list[str] | None,
    typer.Option("--host", help="A further name or address of the servers; repeat for more."),
]


@app.command()
def make(host: Hosts = None) -> None:
    """Make the authority and the certificates that are missing; `up` of a secured platform does it too."""
    from stack.certificates import ensure_certificates

    ensure_certificates(settings := _settings(), host or ())
    _show(settings)


@app.command()
def show() -> None:
    """Show who has a certificate, for which names, until when, and what to do."""
    _show(_settings())


@app.command()
def renew(host: Hosts = None) -> None:
    """Give every server a new key and certificate; those that run take them at once."""
    from stack.certificates import renew_certificates

    renew_certificates(settings := _settings(), host or ())
    _reload(settings)
    _show(settings)


@app.command()
def rotate() -> None:
    """Begin the change of the authority: make a new one, which clients trust beside the present one."""
    from stack.certificates import replace_authority

    replace_authority(settings := _settings())
    _reload(settings)
    print("Restart the clients (`orderpulse down`, `orderpulse up`), then run `orderpulse certs renew`.")


@app.command()
def retire() -> None:
    """End the change of the authority: trust only the new one."""
    from stack.certificates import retire_authorities

    retire_authorities(settings := _settings())
    _reload(settings)
    print("Clients forget the former authority at their next start.")


def _show(settings: Settings) -> None:
    from stack.certificates import certificates

    for each in certificates(settings):
        todo = "run `orderpulse certs renew`" if each.due else "nothing to do"
        print(f"{each.name:<10} until {each.until:%Y-%m-%d}  {todo}  {', '.join(each.hosts)}".rstrip())


def _reload(settings: Settings) -> None:
    from stack.certificate_reload import reload_servers

    for said in reload_servers(settings):
        print(said)


def _settings() -> Settings:
    """Those of the platform that was started last."""
    from stack.profile import platform_settings

    return platform_settings()
