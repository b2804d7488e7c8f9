"""`orderpulse deploy`: the platform in containers (docs/deployment.md)."""

from pathlib import Path
from typing import Annotated, Literal

import typer

app = typer.Typer(no_args_is_help=True, help="The platform in containers.")


@app.command()
def init(
    folder: Annotated[Path, typer.Argument(help="Created if missing; existing content is kept.")],
    name: Annotated[str | None, typer.Option(help="Public host name (default: localhost).")] = None,
    profile: Annotated[
        Literal["local", "cluster"] | None,
        typer.Option(
            help="cluster: three brokers, Spark with three workers, a replica of the database (default: local)."
        ),
    ] = None,
    https_port: Annotated[
        int | None, typer.Option(min=1, max=65535, help="Published port of the pages (default: 443).")
    ] = None,
    http_port: Annotated[
        int | None, typer.Option(min=1, max=65535, help="Published port that redirects there (default: 80).")
    ] = None,
    observability: Annotated[
        bool | None, typer.Option(help="Also Prometheus and Grafana, at /grafana/ (default: no).")
    ] = None,
    currencies: Annotated[
        str | None, typer.Option(help="ISO 4217 codes that events may have (default: VND,USD).")
    ] = None,
    admit_late: Annotated[
        bool | None, typer.Option(help="Admit late events every hour (default: no).")
    ] = None,
) -> None:
    """Create the secrets, certificates and configuration that docker-compose.yml mounts.

    A second call for the same folder keeps the options of the first unless they are given again.
    """
    from core.settings import read_settings
    from stack.deploy.folder import make_folder, planned

    deployment = planned(
        folder,
        name=name,
        profile=profile,
        https_port=https_port,
        http_port=http_port,
        observability=observability,
        currencies=currencies,
        admit_late=admit_late,
    )
    make_folder(read_settings(), deployment)
    print(f"Everything is in {folder.resolve()}; only its owner may read it. Next:")
    print(f"docker compose --env-file {folder}/compose.env up --build --detach")


@app.command()
def person(
    folder: Annotated[Path, typer.Argument(help="Of `orderpulse deploy init`.")],
    name: str,
    password: Annotated[
        str,
        typer.Option(
            prompt="Password (16 characters to 72 bytes)",
            hide_input=True,
            confirmation_prompt=True,
            help="Prompted for if not given.",
        ),
    ],
    operator: Annotated[bool, typer.Option("--operator", help="May also change things.")] = False,
) -> None:
    """Give a person access to Dagster's pages, or another password; then restart the proxy."""
    from stack.deploy.proxy import add_person

    add_person(folder / "proxy", name, password, operator=operator)


@app.command()
def setup() -> None:
    """Create users, databases, tables, topics and rights; the service `setup` runs it before the others start."""
    from core.settings import load_settings
    from stack.deploy.setup import set_up

    for said in set_up(load_settings()):
        print(said)
