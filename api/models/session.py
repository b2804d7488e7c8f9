"""The caller, the platform, and operations on it."""

from typing import Literal

from pydantic import Field

from api.models.common import Model
from api.models.health import Link


class CurrencyInfo(Model):
    """A currency of the contract."""

    code: str
    decimals: int = Field(description="Decimals in common use.")


class About(Model):
    """What a page needs before it shows anything; needs no token."""

    version: str
    environment: Literal["development", "test", "production"]
    auth: Literal["off", "required"]
    scopes: list[Literal["read", "operate"]] = Field(description="The caller's scopes.")
    subject: str | None
    currencies: list[CurrencyInfo]
    freshness_limit_s: float
    links: list[Link] = Field(description="Dagster and the documentation of the views.")


class RateRequest(Model):
    """Events per second that the generator should send."""

    rate: float = Field(ge=0.1, le=100_000, strict=True)


class ReplayCounts(Model):
    """What became of rejected records that were validated again."""

    judged: int = Field(description="Records.")
    mapped: int = Field(description="Messages that map now.")
    without_event: int = Field(description="Those among them that are about no order or payment.")
    unmapped: int = Field(description="Messages that still do not map.")
    admitted: int = Field(description="New events.")
    duplicate: int = Field(description="Events that were there already.")
    refused: int = Field(description="Events that break the contract.")
    expired: int = Field(description="Events of minutes whose events were deleted by age.")
    cut: int = Field(
        description="Records of which only the beginning is stored, and Kafka no longer has the rest."
    )


class RunOutcome(Model):
    """How far a run is that was launched here."""

    state: Literal["underway", "succeeded", "failed"]
    replay: ReplayCounts | None = Field(description="Of `replay_rejected`, once it succeeded.")


class OperateAnswer(Model):
    """The run launched in Dagster."""

    run_id: str
    url: str = Field(description="The run's page.")
