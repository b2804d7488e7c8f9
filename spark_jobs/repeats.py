"""Restart a query whose batch was computed more than once, as happens if a cluster loses an executor."""

from collections import Counter

from core.logging import get_logger
from spark_jobs.queries import RunningQuery

log = get_logger(__name__)

LIMIT = 5


class Repeats:
    """Counts the repetitions of each query since its last committed batch; there are at most `LIMIT`."""

    def __init__(self) -> None:
        self._in_a_row: Counter[str] = Counter()

    def start_again(self, running: RunningQuery) -> RunningQuery:
        """The query itself, or, if it ended only to repeat a batch, a new one from the same checkpoint."""
        name, sink = running.sink.query_name, running.sink
        if sink.has_committed:
            self._in_a_row[name] = 0
        if not sink.recounted or running.query.isActive or self._in_a_row[name] >= LIMIT:
            return running
        self._in_a_row[name] += 1
        log.warning("batch.repeated", query=name, times=self._in_a_row[name])
        return running.again()
