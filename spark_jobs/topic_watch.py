"""Detects that the topic was deleted and created again while the stream runs; also tracks its end offsets.

Spark would continue at its old offsets in the new topic and never read the records below them.
"""

import time
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

from core import kafka
from core.errors import BrokerError
from core.settings import KafkaSettings
from core.topic_facts import read_topic_id

INTERVAL_S = 5.0
ANSWER_TIMEOUT_S = 5.0


class TopicWatch:
    """Checks the topic every five seconds, in a separate thread. Ignores a broker that does not respond.

    `seen` is the last state, for the heartbeat: the topic's id and the next offset by partition. `failure` is the
    sentence that ends the job once the topic was replaced.
    """

    def __init__(self, settings: KafkaSettings, topic_id: str | None) -> None:
        self._settings = settings
        self._topic_id = topic_id
        self._client = kafka.admin_client(settings)
        self._worker = ThreadPoolExecutor(1, thread_name_prefix="topic")
        self._look: Future[None] | None = None
        self._due = 0.0
        self.seen: dict[str, Any] | None = None
        self.failure: str | None = None

    def tick(self) -> None:
        """Start a check if it is due. Raises the error of an earlier check."""
        if self._look is not None and self._look.done():
            self._look.result()
            self._look = None
        if self._look is None and self._topic_id is not None and time.monotonic() >= self._due:
            self._due = time.monotonic() + INTERVAL_S
            self._look = self._worker.submit(self._see)

    def stop(self) -> None:
        """Stop checking."""
        self._worker.shutdown(wait=False, cancel_futures=True)

    def _see(self) -> None:
        try:
            topic_id = read_topic_id(self._client, self._settings.topic, ANSWER_TIMEOUT_S)
            ends = kafka.end_offsets(self._settings, self._settings.topic, ANSWER_TIMEOUT_S)
        except BrokerError:
            return
        if topic_id == self._topic_id:
            self.seen = {"id": topic_id, "ends": ends}
        elif topic_id is not None:
            self.failure = (
                f"The topic {self._settings.topic} was deleted and created again (id {topic_id}, before "
                f"{self._topic_id}). The job ends; when it runs again it reads the new topic from its first record."
            )
