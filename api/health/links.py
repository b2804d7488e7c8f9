"""Addresses of the platform's other pages, deep enough to land where the answer is."""

from collections.abc import Iterable, Mapping

from api.models.health import Link, LinkKind
from core.settings import Settings

LOCATION = "orderpulse"
"""Dagster's name for our code, as `workspace.yaml` has it."""


LABELS: Mapping[LinkKind, str] = {
    "dagster": "Dagster",
    "asset_graph": "Asset graph",
    "automation": "Sensors and schedules",
    "asset": "Asset {}",
    "checks": "Checks of {}",
    "job": "Job {}",
    "docs": "dbt documentation",
    "view": "View {}",
}


class Links:
    """Pages of Dagster and of the dbt documentation: on this machine alone, or behind the proxy."""

    def __init__(self, settings: Settings) -> None:
        self._dagster = settings.dagster.page()
        self._docs = settings.dagster.docs_page()

    def dagster(self) -> Link:
        """Its front page."""
        return _link("dagster", self._dagster)

    def lineage(self) -> Link:
        """The graph of assets."""
        return _link("asset_graph", f"{self._dagster}/asset-groups")

    def automation(self) -> Link:
        """Sensors and schedules."""
        return _link("automation", f"{self._dagster}/automation")

    def asset(self, name: str) -> Link:
        """An asset."""
        return _link("asset", f"{self._dagster}/assets/{name}", name)

    def checks(self, asset: str) -> Link:
        """The checks of an asset."""
        return _link("checks", f"{self._dagster}/assets/{asset}?view=checks", asset)

    def jobs(self, names: Iterable[str]) -> list[Link]:
        """Jobs, where they can be launched."""
        pages = f"{self._dagster}/locations/{LOCATION}/jobs"
        return [_link("job", f"{pages}/{name}", name) for name in names]

    def docs(self) -> Link:
        """The documentation of the views."""
        return _link("docs", self._docs)

    def model(self, name: str) -> Link:
        """A view's page of that."""
        return _link("view", f"{self._docs}/#!/model/model.orderpulse.{name}", name)


def _link(kind: LinkKind, url: str, name: str | None = None) -> Link:
    return Link(kind=kind, name=name, label=LABELS[kind].format(name), url=url)
