"""Dagster as the API sees it: whether it answers, what its asset checks say, launching a job. GraphQL over HTTP."""

import asyncio
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

import httpx
from tenacity import retry, retry_if_exception, stop_after_attempt

from api.models import CheckResult
from core.errors import OrderpulseError
from core.logging import get_logger
from core.settings import Settings

REPOSITORY = {"repositoryLocationName": "orderpulse", "repositoryName": "__repository__"}
STATUS_TIMEOUT_S = 2.0
STATUS_AGE_S = 10.0
AWAY_AGE_S = 3.0
"""How long a status is cached; shorter if Dagster did not respond."""

LAUNCH_TIMEOUT_S = 20.0
"""The web server asks the code server first, which may be busy."""

ATTEMPTS = 3
"""After a restart of the database the web server returns a 500 once for each pooled connection.
Each job that is launched here may safely be launched twice.
"""

STATUS = """
query Status {
  assetNodes {
    assetKey { path }
    assetChecksOrError {
      ... on AssetChecks {
        checks { name executionForLatestMaterialization { evaluation { success severity description } timestamp } }
      }
    }
  }
}
"""
LAUNCH = """
mutation Launch($params: ExecutionParams!) {
  launchRun(executionParams: $params) {
    __typename
    ... on LaunchRunSuccess { run { runId } }
    ... on Error { message }
    ... on RunConfigValidationInvalid { errors { message } }
  }
}
"""
RUN = """
query Run($id: ID!) {
  runOrError(runId: $id) { __typename ... on Run { status tags { key value } } }
}
"""

log = get_logger(__name__)


class DagsterError(OrderpulseError):
    """Dagster does not respond, or refuses a request."""


@dataclass(frozen=True, slots=True)
class DagsterStatus:
    """Whether Dagster responds, and the last evaluation of each asset check; `checks` is None if it does not."""

    answers: bool
    checks: list[CheckResult] | None


AWAY = DagsterStatus(answers=False, checks=None)


def _is_server_error(error: BaseException) -> bool:
    return isinstance(error, httpx.HTTPStatusError) and error.response.is_server_error


class Dagster:
    """A client of the web server. Create it in a running event loop, and close it there."""

    def __init__(self, settings: Settings) -> None:
        self.url = settings.dagster.page()
        """Public address of its pages."""

        own = settings.dagster
        address = f"http://{own.webserver_host}:{own.webserver_port}{own.path_prefix}"
        # trust_env: a proxy in the environment does not apply to this machine.
        self._client = httpx.AsyncClient(base_url=address, timeout=STATUS_TIMEOUT_S, trust_env=False)
        self._looking = asyncio.Lock()
        self._status = AWAY
        self._looked_at = float("-inf")

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    async def status(self) -> DagsterStatus:
        """Its status, at most ten seconds old. Never raises; takes two seconds if Dagster does not respond."""
        async with self._looking:
            holds_s = STATUS_AGE_S if self._status.answers else AWAY_AGE_S
            if time.monotonic() - self._looked_at > holds_s:
                self._status = await self._look()
                self._looked_at = time.monotonic()
        return self._status

    async def ask(self, query: str, variables: Mapping[str, Any]) -> dict[str, Any]:
        """The data that a fast query returns. Raises `DagsterError`."""
        return await self._ask(query, variables, STATUS_TIMEOUT_S)

    async def launch(self, job: str, run_config: Mapping[str, Any], *, asked_by: str | None = None) -> str:
        """Launch a run of `job` and return its id; `asked_by` becomes a tag of it. Raises `DagsterError`."""
        tags = [{"key": "orderpulse/asked_by", "value": asked_by[:255]}] if asked_by else []
        params = {
            "selector": {**REPOSITORY, "pipelineName": job},
            "runConfigData": run_config,
            "mode": "default",
            "executionMetadata": {"tags": tags},
        }
        answer = (await self._ask(LAUNCH, {"params": params}, LAUNCH_TIMEOUT_S))["launchRun"]
        if answer["__typename"] != "LaunchRunSuccess":
            said = answer.get("message") or "; ".join(each["message"] for each in answer.get("errors", ()))
            raise DagsterError(f"Dagster refused to launch {job}: {said or answer['__typename']}.")
        run_id: str = answer["run"]["runId"]
        return run_id

    async def run(self, run_id: str) -> tuple[str, dict[str, str]] | None:
        """Status and tags of a run; None if there is none. Raises `DagsterError`."""
        found = (await self._ask(RUN, {"id": run_id}, STATUS_TIMEOUT_S))["runOrError"]
        if found["__typename"] != "Run":
            return None
        return found["status"], {tag["key"]: tag["value"] for tag in found["tags"]}

    def run_url(self, run_id: str) -> str:
        """The page of a run."""
        return f"{self.url}/runs/{run_id}"

    def check_url(self, asset: str, check: str) -> str:
        """The page of an asset check."""
        return f"{self.url}/assets/{quote(asset)}?view=checks&checkDetail={quote(check)}"

    async def _look(self) -> DagsterStatus:
        try:
            nodes = (await self._ask(STATUS, {}, STATUS_TIMEOUT_S))["assetNodes"]
            return DagsterStatus(
                answers=True, checks=[check for node in nodes for check in self._checks(node)]
            )
        except DagsterError as error:
            if self._status.answers:
                log.warning("dagster.away", error=str(error))
        except (KeyError, TypeError, ValueError) as error:
            log.warning("dagster.answer_unknown", error=repr(error))
        return AWAY

    def _checks(self, node: Mapping[str, Any]) -> Iterator[CheckResult]:
        asset = "/".join(node["assetKey"]["path"])
        for check in node["assetChecksOrError"].get("checks", ()):
            execution = check["executionForLatestMaterialization"] or {}
            evaluation = execution.get("evaluation")
            if evaluation is not None:
                yield CheckResult(
                    asset=asset,
                    name=check["name"],
                    passed=evaluation["success"],
                    severity=evaluation["severity"],
                    text=evaluation["description"] or "",
                    evaluated_at=datetime.fromtimestamp(execution["timestamp"], UTC),
                    url=self.check_url(asset, check["name"]),
                )

    async def _ask(self, query: str, variables: Mapping[str, Any], timeout_s: float) -> dict[str, Any]:
        try:
            body = {"query": query, "variables": variables}
            found = (await self._post(body, timeout_s)).json()
            if "errors" in found:
                raise DagsterError(f"Dagster answered with an error: {found['errors'][0]['message']}.")
            data: dict[str, Any] = found["data"]
        except httpx.TimeoutException:
            raise DagsterError(f"Dagster did not answer within {timeout_s:.0f} s.") from None
        except (httpx.HTTPError, ValueError) as error:
            raise DagsterError(f"Dagster does not answer at {self.url} ({error}).") from None
        return data

    @retry(retry=retry_if_exception(_is_server_error), stop=stop_after_attempt(ATTEMPTS), reraise=True)
    async def _post(self, body: Mapping[str, Any], timeout_s: float) -> httpx.Response:
        answer = await self._client.post("/graphql", json=body, timeout=timeout_s)
        return answer.raise_for_status()
