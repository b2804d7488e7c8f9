"""The sentences about components, as data: the page translates each by its code
(`frontend/src/features/ops/components/sentences.ts`).

The name of a value determines its format: `_s` is a duration, `_share` a fraction, `records`, `checks`
and `requests` are counts, `at` is a time.
"""

from collections.abc import Mapping
from datetime import datetime

from control.words import ago, count, moment, number

Value = str | int | float | datetime

HEARSAY = "The API does not connect to the brokers itself."

SENTENCES: Mapping[str, str] = {
    "not_known": "Unknown while the database does not answer.",
    "check_failed": "{names}.",
    "service_unknown": "The database has no entry for the {what}.",
    "silent_at_start": "The {what} has not sent a heartbeat yet; it was started {age_s} ago.",
    "never_said": "The {what} has never sent a heartbeat.",
    "silent": "The {what} has sent no heartbeat for {age_s}.",
    "failing": "The {what} keeps failing. {reason}",
    "stopped": "Stopped on purpose, {at}: {reason}.",
    "begun": "Has started sending.",
    "sends": "Sends {rate} of {wanted} requested events/s.",
    "sends_refused": "Sends {rate} of {wanted} requested events/s. Kafka has refused {records} since it started.",
    "waits_for_kafka": "{records} waiting for Kafka to accept them.",
    "query_ended": "The query has ended; the job is about to start again.",
    "no_batch": "No batch has been committed yet.",
    "committed": "Batch {batch} was committed {age_s} ago; {records} behind the topic.",
    "first_batch": "The stream has started and has not finished its first batch yet.",
    "many_rejects": "{found_share} of {records} in {minutes} minutes were rejected; {allowed_share} is allowed.",
    "catching_up": "Catching up: {records} to read.",
    "catching_up_for": "Catching up: {records} to read, about {left_s} left.",
    "stands_still": "Stalled: {records} waiting, and the last batch was committed {age_s} ago.",
    "read_starting": "All records have been read; the generator is starting.",
    "read_stopped": "All records have been read; the generator is stopped, so it sends nothing new.",
    "read_no_event": "All records have been read, but nothing new arrives: there is no event yet.",
    "read_nothing_new": "All records have been read, but nothing new arrives: the newest event is {lag_s} old.",
    "kafka_takes": f"Accepts {{rate}} records/s, according to the generator. {HEARSAY}",
    "kafka_waits": f"{{records}} waiting to be accepted, according to the generator. {HEARSAY}",
    "kafka_read": f"The stream reads from it. {HEARSAY}",
    "kafka_unknown": f"Nothing is connected to it at the moment, so its state is unknown. {HEARSAY}",
    "database_silent": "Does not answer, so nothing else is known.",
    "database_answers": "Answered within {answer_ms} ms.",
    "database_busy": "Answered within {answer_ms} ms: busy.",
    "replica_answers": "Answered within {answer_ms} ms; a replica, {lag_s} behind.",
    "replica_busy": "Answered within {answer_ms} ms; a replica, {lag_s} behind: busy.",
    "replica_behind": "Answered within {answer_ms} ms; this is a replica, {lag_s} behind.",
    "replica_silent": "Answered within {answer_ms} ms; the replica does not answer, so this is the primary.",
    "views_there": "All {views} views are there.",
    "views_missing": "{missing} of {views} views are missing: {names}.",
    "dagster_not_asked": "Not queried.",
    "dagster_starts": "Does not answer yet; it takes the longest to start.",
    "dagster_silent": "Does not answer; the stream continues unsupervised, and nothing can be started from here.",
    "dagster_untold": "Answers, but has not reported its checks yet.",
    "checks_passed": "Answers; {checks} passed.",
    "checks_failed": "Answers; {failed} of {checks} failed: {names}.",
    "api_up": "Version {version}, up for {up_s}.",
    "api_waits": "Version {version}, up for {up_s}; {requests} waiting for the database.",
}


def write(code: str, values: Mapping[str, Value]) -> str:
    """The sentence in English."""
    return SENTENCES[code].format(**{name: _written(name, value) for name, value in values.items()})


def _written(name: str, value: Value) -> str:
    match value:
        case str():
            return value
        case datetime():
            return f"since {moment(value)}"
    if name.endswith("_s"):
        return ago(value)
    if name.endswith("_share"):
        return f"{value:.1%}"
    if name.endswith("_ms"):
        return f"{value:.1f}"
    if name in {"records", "checks", "requests"}:
        return count(int(value), name)
    return f"{value:,}" if isinstance(value, int) else number(value)
