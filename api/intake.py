"""Intake as the API sees it: its sources, what came from them, and a message to try. HTTP with the internal key."""

from typing import TypeVar

import httpx
from pydantic import BaseModel, ValidationError

from api.edge.problems import NotFoundError, ProblemError
from core.logging import get_logger
from core.settings import Settings
from core.sources import PATH, FailedMessages, SourceList, TryRequest, TryResult

TIMEOUT_S = 5.0
RETRY_AFTER_S = 5
NO_KEY = "The API and intake have no common ORDERPULSE_INTAKE__INTERNAL_KEY."

Answer = TypeVar("Answer", bound=BaseModel)
log = get_logger(__name__)


class Intake:
    """A client of intake. Each request raises `ProblemError`: 503 if intake does not answer, 404 for an unknown source."""

    def __init__(self, settings: Settings) -> None:
        own = settings.intake
        key = own.internal_key
        self._client = httpx.AsyncClient(
            base_url=f"http://{own.host}:{own.port}",
            headers={} if key is None else {"Authorization": f"Bearer {key.get_secret_value()}"},
            timeout=TIMEOUT_S,
            trust_env=False,  # a proxy in the environment does not apply to this machine
        )

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    async def sources(self) -> SourceList:
        """All sources, and what came from each lately."""
        return await self._ask(SourceList, "GET", "")

    async def failed(self, name: str) -> FailedMessages:
        """The newest messages of a source that became no accepted event."""
        return await self._ask(FailedMessages, "GET", f"/{name}/failed", name)

    async def attempt(self, name: str, wanted: TryRequest) -> TryResult:
        """What a message would give. Raises a 422 if the source's file cannot be used."""
        return await self._ask(TryResult, "POST", f"/{name}/try", name, wanted.model_dump_json())

    async def _ask(
        self, kind: type[Answer], method: str, path: str, name: str = "", body: str | None = None
    ) -> Answer:
        try:
            found = await self._client.request(method, PATH + path, content=body)
            if found.status_code in (404, 422):
                raise _refusal(found.status_code, name, found.json()["detail"])
            if found.status_code == 401:
                raise _unavailable(NO_KEY)
            return kind.model_validate_json(found.raise_for_status().content)
        except httpx.TimeoutException:
            raise _unavailable(f"It did not answer within {TIMEOUT_S:.0f} s.") from None
        except (httpx.HTTPError, ValidationError, ValueError, KeyError) as error:
            raise _unavailable(f"{type(error).__name__}: {str(error).splitlines()[0]}") from None


def _refusal(status: int, name: str, detail: str) -> ProblemError:
    if status == 404:
        return NotFoundError(f"There is no source '{name}'.")
    return ProblemError(422, "source_unusable", "The source cannot be used", detail, values={"source": name})


def _unavailable(cause: str) -> ProblemError:
    log.warning("intake.away", error=cause)
    detail = f"Intake does not answer. {cause} `orderpulse status` shows whether it runs; events are not affected by this page."
    headers = {"Retry-After": str(RETRY_AFTER_S)}
    return ProblemError(503, "intake_unavailable", "Intake does not answer", detail, headers=headers)
