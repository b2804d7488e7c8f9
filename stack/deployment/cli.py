"""`orderpulse deploy`: the platform in containers (docs/deployment.md)."""

from pathlib import Path
from typing import Annotated, Literal

import typer

__all__ = ["app"]

app = typer.Typer(no_args_is_help=True, help="The platform in containers.")


@app.command()
def init(
    folder: Annotated[Path, typer.Argument(help="Made when it is missing; what is in it is kept.")],
    name: Annotated[str, typer.Option(help="Host name that people use.")] = "localhost",
    profile: Annotated[
        Literal["local", "cluster"],
        typer.Option(help="cluster: three brokers, Spark with three workers, a replica of the database."),
    ] = "local",
    https_port: Annotated[int, typer.Option(min=1, max=65535, help="Published port of the pages.")] = 443,
    http_port: Annotated[int, typer.Option(min=1, max=65535, help="Published port that sends there.")] = 80,
) -> None:
    """Make the secrets, certificates and configuration that docker-compose.yml mounts."""
    from core.settings import read_settings
    from stack.deployment.folder import Deployment, make_folder

    make_folder(read_settings(), Deployment(folder, name, profile, https_port, http_port))
    print(f"Everything is in {folder.resolve()}; nobody but its owner may read it. Next:")
    print(f"docker compose --env-file {folder}/compose.env up --build --detach")


@app.command()
def person(
    folder: Annotated[Path, typer.Argument(help="Of `orderpulse deploy init`.")],
    name: str,
    operator: Annotated[bool, typer.Option("--operator", help="May also change things.")] = False,
    password: Annotated[str, typer.Option(prompt=True, hide_input=True, confirmation_prompt=True)] = "",
) -> None:
    """Let a person see Dagster's pages, or give them another password; then restart the proxy."""
    from stack.proxy import add_person

    add_person(folder / "proxy", name, password, operator=operator)


@app.command()
def setup() -> None:
    """Make users, databases, tables, topics and rights; the service `setup` runs it before the others start."""
    from core.settings import load_settings
    from stack.deployment.setup import set_up

    for said in set_up(load_settings()):
        print(said)
