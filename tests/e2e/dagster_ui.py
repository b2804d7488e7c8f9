"""Dagster as its users reach it: through the GraphQL that the web page itself uses."""

import json
import re
import urllib.error
import urllib.request
from dataclasses import dataclass
from typing import Any

from tenacity import Retrying, retry_if_exception_type, stop_after_attempt

from core.settings import Settings

REPOSITORY = {"repositoryLocationName": "orderpulse", "repositoryName": "__repository__"}
TIMEOUT_S = 90.0

RUNS = """
query Runs($job: String!, $statuses: [RunStatus!]) {
  runsOrError(filter: {pipelineName: $job, statuses: $statuses}, limit: 20) {
    ... on Runs { results { runId } }
  }
}
"""
LAUNCH = """
mutation Launch($params: ExecutionParams!) {
  launchRun(executionParams: $params) {
    __typename
    ... on LaunchRunSuccess { run { runId } }
    ... on PythonError { message }
    ... on RunConfigValidationInvalid { errors { message } }
  }
}
"""
TAGS = """
query Tags($run: ID!) { runOrError(runId: $run) { ... on Run { tags { key value } } } }
"""
LOG = """
query Log($run: ID!) {
  logsForRun(runId: $run, limit: 1000) { ... on EventConnection { events { ... on MessageEvent { message } } } }
}
"""
TERMINATE = """
mutation Terminate($run: String!) {
  terminateRun(runId: $run) { __typename ... on TerminateRunFailure { message } ... on PythonError { message } }
}
"""
CHECK = """
query Check($key: AssetKeyInput!, $name: String!) {
  assetCheckExecutions(assetKey: $key, checkName: $name, limit: 1) {
    status timestamp
    evaluation { success severity description metadataEntries { label } }
  }
}
"""
ASSETS = """
query Assets {
  assetNodes {
    assetKey { path } groupName kinds description isExecutable
    dependencyKeys { path }
    assetObservations(limit: 1) { timestamp metadataEntries { label } }
    assetChecksOrError { ... on AssetChecks { checks { name description } } }
  }
}
"""
LOCATIONS = """
query Locations {
  workspaceOrError { ... on Workspace { locationEntries { name loadStatus locationOrLoadError { __typename } } } }
}
"""
SENSORS = """
query Sensors($repository: RepositorySelector!) {
  sensorsOrError(repositorySelector: $repository) {
    ... on Sensors { results { name sensorState { status ticks(limit: 20) { status timestamp endTimestamp error { message } } } } }
  }
}
"""


def _answer(request: urllib.request.Request) -> bytes:
    """The body of the answer. The first requests after a restart of PostgreSQL meet cut connections, and fail."""
    for attempt in Retrying(
        retry=retry_if_exception_type(urllib.error.HTTPError), stop=stop_after_attempt(5), reraise=True
    ):
        with attempt, urllib.request.urlopen(request, timeout=TIMEOUT_S) as answer:
            return bytes(answer.read())
    raise AssertionError("the last attempt raises")


@dataclass(frozen=True, slots=True)
class Evaluation:
    """The newest result of an asset check."""

    passed: bool
    severity: str
    description: str
    timestamp: float


class DagsterUi:
    """A running web server."""

    def __init__(self, settings: Settings) -> None:
        self._address = f"http://127.0.0.1:{settings.dagster.webserver_port}/graphql"

    def ask(self, query: str, **variables: Any) -> dict[str, Any]:
        """The `data` of an answer; fails with the errors that came instead."""
        body = json.dumps({"query": query, "variables": variables}).encode()
        request = urllib.request.Request(self._address, body, {"Content-Type": "application/json"})
        found: dict[str, Any] = json.loads(_answer(request))
        assert "errors" not in found, found["errors"]
        data: dict[str, Any] = found["data"]
        return data

    def runs(self, job: str, *statuses: str) -> list[str]:
        """Ids of the runs of a job in these statuses (in any, where none is named), the newest first."""
        found = self.ask(RUNS, job=job, statuses=list(statuses) or None)
        return [run["runId"] for run in found["runsOrError"]["results"]]

    def tags(self, run_id: str) -> dict[str, str]:
        """The tags of a run."""
        found = self.ask(TAGS, run=run_id)["runOrError"]["tags"]
        return {tag["key"]: tag["value"] for tag in found}

    def worker(self, run_id: str) -> int:
        """Pid of a run's worker, as its log tells it."""
        events = self.ask(LOG, run=run_id)["logsForRun"]["events"]
        said = [
            found for event in events if (found := re.search(r"\(pid: (\d+)\)", event.get("message", "")))
        ]
        return int(said[-1].group(1))

    def launch(self, job: str, config: dict[str, Any] | None = None) -> str:
        """Launch a run and return its id."""
        params = {
            "selector": {**REPOSITORY, "pipelineName": job},
            "runConfigData": config or {},
            "mode": "default",
        }
        answer = self.ask(LAUNCH, params=params)["launchRun"]
        assert answer["__typename"] == "LaunchRunSuccess", answer
        run_id: str = answer["run"]["runId"]
        return run_id

    def terminate(self, run_id: str) -> None:
        """What the button of that name does."""
        answer = self.ask(TERMINATE, run=run_id)["terminateRun"]
        assert answer["__typename"] == "TerminateRunSuccess", answer

    def check(self, asset: str, name: str) -> Evaluation | None:
        """The newest result of a check; None before the first."""
        found = self.ask(CHECK, key={"path": [asset]}, name=name)["assetCheckExecutions"]
        if not found or found[0]["evaluation"] is None:
            return None
        said = found[0]["evaluation"]
        return Evaluation(said["success"], said["severity"], said["description"] or "", found[0]["timestamp"])

    def assets(self) -> dict[str, dict[str, Any]]:
        """All assets of the graph by name."""
        return {"/".join(node["assetKey"]["path"]): node for node in self.ask(ASSETS)["assetNodes"]}

    def is_loaded(self) -> bool:
        """Whether the web server has the definitions."""
        entries = self.ask(LOCATIONS)["workspaceOrError"]["locationEntries"]
        return [(entry["name"], entry["loadStatus"]) for entry in entries] == [
            ("orderpulse", "LOADED")
        ] and all(entry["locationOrLoadError"]["__typename"] == "RepositoryLocation" for entry in entries)

    def ticks(self, sensor: str) -> list[dict[str, Any]]:
        """The newest ticks of a sensor, the newest first."""
        found = self.ask(SENSORS, repository=REPOSITORY)["sensorsOrError"]["results"]
        return next(each["sensorState"]["ticks"] for each in found if each["name"] == sensor)
