"""Addresses of the platform's other pages, deep enough to land where the answer is."""

from collections.abc import Iterable

from api.models.health import Link
from core.settings import Settings

__all__ = ["Links"]

LOCATION = "orderpulse"
"""Dagster's name for our code, as `workspace.yaml` has it."""


class Links:
    """Pages of Dagster and of the dbt documentation: on this machine alone, or behind the proxy."""

    def __init__(self, settings: Settings) -> None:
        self._dagster = settings.dagster.page()
        self._docs = settings.dagster.docs_page()

    def dagster(self) -> Link:
        """Its front page."""
        return Link(label="Dagster", url=self._dagster)

    def lineage(self) -> Link:
        """The graph of assets."""
        return Link(label="Asset graph", url=f"{self._dagster}/asset-groups")

    def automation(self) -> Link:
        """Sensors and schedules."""
        return Link(label="Sensors and schedules", url=f"{self._dagster}/automation")

    def asset(self, name: str) -> Link:
        """An asset."""
        return Link(label=f"Asset {name}", url=f"{self._dagster}/assets/{name}")

    def checks(self, asset: str) -> Link:
        """The checks of an asset."""
        return Link(label=f"Checks of {asset}", url=f"{self._dagster}/assets/{asset}?view=checks")

    def jobs(self, names: Iterable[str]) -> list[Link]:
        """Jobs, where they can be launched."""
        pages = f"{self._dagster}/locations/{LOCATION}/jobs"
        return [Link(label=f"Job {name}", url=f"{pages}/{name}") for name in names]

    def docs(self) -> Link:
        """The documentation of the views."""
        return Link(label="dbt documentation", url=self._docs)

    def model(self, name: str) -> Link:
        """A view's page of that."""
        return Link(label=f"View {name}", url=f"{self._docs}/#!/model/model.orderpulse.{name}")
