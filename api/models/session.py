"""Who asks, what the platform is, and what may be asked of it."""

from typing import Literal

from pydantic import Field

from api.models.common import Model
from api.models.health import Link

__all__ = ["About", "CurrencyInfo", "OperateAnswer", "RateRequest"]


class CurrencyInfo(Model):
    """A currency of the contract."""

    code: str
    decimals: int = Field(description="Decimals that people write.")


class About(Model):
    """What a page needs before it shows anything; answered without a token."""

    version: str
    environment: Literal["development", "test", "production"]
    auth: Literal["off", "required"]
    scopes: list[Literal["read", "operate"]] = Field(description="What this caller may do.")
    subject: str | None
    currencies: list[CurrencyInfo]
    freshness_limit_s: float
    links: list[Link] = Field(description="Dagster and the documentation of the views.")


class RateRequest(Model):
    """Events per second that the generator shall send."""

    rate: float = Field(ge=0.1, le=100_000, strict=True)


class OperateAnswer(Model):
    """What was asked of Dagster."""

    run_id: str
    url: str = Field(description="The run's page.")
