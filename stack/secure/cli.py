"""`orderpulse certs`: the certificates of a secured platform (docs/encryption.md)."""

from typing import Annotated

import typer

from core.settings import Settings
from stack.profile import platform_settings

app = typer.Typer(no_args_is_help=True, help="The certificates of a secured platform.")
Hosts = Annotated[
    list[str] | None,
    typer.Option("--host", help="Additional name or address of the servers; may be repeated."),
]


@app.command()
def make(host: Hosts = None) -> None:
    """Create the authority and missing certificates; `up` of a secured platform does so too."""
    from stack.secure.certificates import ensure_certificates

    ensure_certificates(settings := platform_settings(), host or ())
    _show(settings)


@app.command()
def show() -> None:
    """Show who has a certificate, for which names, until when, and what to do."""
    _show(platform_settings())


@app.command()
def renew(host: Hosts = None) -> None:
    """Give every server a new key and certificate; running servers load them at once."""
    from stack.secure.certificates import renew_certificates

    renew_certificates(settings := platform_settings(), host or ())
    _reload(settings)
    _show(settings)


@app.command()
def rotate() -> None:
    """Start replacing the authority: create a new one, which clients trust in addition to the current one."""
    from stack.secure.certificates import replace_authority

    replace_authority(settings := platform_settings())
    _reload(settings)
    print("Restart the clients (`orderpulse down`, `orderpulse up`), then run `orderpulse certs renew`.")


@app.command()
def retire() -> None:
    """Finish replacing the authority: trust only the new one."""
    from stack.secure.certificates import retire_authorities

    retire_authorities(settings := platform_settings())
    _reload(settings)
    print("Clients stop trusting the former authority at their next start.")


def _show(settings: Settings) -> None:
    from stack.secure.certificates import certificates

    for each in certificates(settings):
        todo = "run `orderpulse certs renew`" if each.due else "nothing to do"
        print(f"{each.name:<10} until {each.until:%Y-%m-%d}  {todo}  {', '.join(each.hosts)}".rstrip())


def _reload(settings: Settings) -> None:
    from stack.secure.reload import reload_servers

    for said in reload_servers(settings):
        print(said)
