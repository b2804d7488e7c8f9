"""Kafka, PostgreSQL, dbt's views, Dagster and the API itself."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from api.health.processes import START_S, Moment, Said
from api.health.standing import Standing
from api.health.words import ago, count, number
from api.queries.health import VIEWS, Facts, Service

__all__ = ["about_api", "about_dagster", "about_dbt", "about_kafka", "about_postgres", "seen_kafka_at"]

RECENT_S = 10.0
"""What was said longer ago proves nothing of the present."""

SLOW_MS = 250.0
REPLICA_LIMIT_S = 10.0
HEARSAY = "The API itself has no way to the brokers."


def about_kafka(facts: Facts, moment: Moment) -> Said:
    """The brokers, by what those who talk to them say: networks keep the API away from them."""
    generator = _fresh_progress(facts.services.get("generator"), moment.now)
    if generator and generator.get("rate_reached"):
        rate = number(generator["rate_reached"])
        return Said("ok", f"Takes {rate} records/s, says the generator. {HEARSAY}")
    if generator and generator.get("waiting"):
        waiting = count(generator["waiting"], "record")
        return Said(
            "error",
            f"{waiting} wait to be taken, says the generator. {HEARSAY}",
            "See logs/kafka.log. Nothing is lost: producers wait, and the broker is started again by itself.",
        )
    commits = [batch.committed_at for batch in facts.newest.values()]
    if commits and (moment.now - max(commits)).total_seconds() <= RECENT_S:
        return Said("ok", f"The stream reads from it. {HEARSAY}")
    return Said("unknown", f"Nobody talks to it at the moment, so nothing is known of it. {HEARSAY}")


def seen_kafka_at(facts: Facts) -> datetime | None:
    """When somebody last told of the brokers."""
    commits = [batch.committed_at for batch in facts.newest.values()]
    generator = facts.services.get("generator")
    beats = [generator.beat_at] if generator and generator.beat_at else []
    return max([*commits, *beats], default=None)


def about_postgres(facts: Facts | None, *, reads_replica: bool = False) -> Said:
    """The database, by its answer; `facts` is None where there was none.

    `reads_replica`: whether it should have been a replica's.
    """
    if facts is None:
        return Said(
            "error",
            "Does not answer, so nothing else is known.",
            "See logs/postgres.log. It is started again by itself; the stream waits for it and loses nothing.",
        )
    lag_s, took = facts.replica_lag_s, f"Answered within {facts.answer_ms:.1f} ms"
    if lag_s is not None and lag_s > REPLICA_LIMIT_S:
        advice = "Look at the replica's load and its network; the primary is not affected."
        return Said("warning", f"{took}; this is a replica, {ago(lag_s)} behind.", advice)
    if lag_s is None and reads_replica:
        advice = "See logs/postgres_replica.log. It is started again by itself; reads then go back to it."
        return Said("warning", f"{took}; the replica does not answer, so this is the primary.", advice)
    replica = "" if lag_s is None else f"; a replica, {ago(lag_s)} behind"
    if facts.answer_ms > SLOW_MS:
        return Said(
            "warning", f"{took}{replica}: it is busy.", "See which statements run (pg_stat_activity)."
        )
    return Said("ok", f"{took}{replica}.")


def about_dbt(facts: Facts) -> Said:
    """The views that dbt builds, by their being there."""
    missing = [view for view in VIEWS if view not in facts.views]
    if not missing:
        return Said("ok", f"All {len(VIEWS)} views are there.")
    return Said(
        "warning",
        f"{len(missing)} of {len(VIEWS)} views are missing: {', '.join(missing)}.",
        "Dagster builds them after the start; if they stay away, run the job dbt_build.",
    )


def about_dagster(standing: Standing | None, moment: Moment) -> Said:
    """Dagster, by its answer and its checks."""
    if standing is None:
        return Said("unknown", "It is not asked.")
    if not standing.answers and moment.since_began_s <= START_S:
        return Said("starting", "Does not answer yet; it takes the longest to start.")
    if not standing.answers:
        return Said(
            "error",
            "Does not answer; the stream goes on, but nobody watches it, and nothing can be started from here.",
            "See logs/dagster_webserver.log. It is started again by itself.",
        )
    if standing.checks is None:
        return Said("ok", "Answers, but has not told of its checks yet.")
    failed = [each for each in standing.checks if not each.passed]
    if not failed:
        return Said("ok", f"Answers; {count(len(standing.checks), 'check')} passed.")
    names = ", ".join(f"{each.name} of {each.asset}" for each in failed)
    sentence = f"Answers; {len(failed)} of {count(len(standing.checks), 'check')} failed: {names}."
    grave = any(each.severity == "ERROR" for each in failed)
    return Said("warning" if grave else "ok", sentence, "Each check says what to do." if grave else None)


def about_api(version: str, moment: Moment, waiting: int) -> Said:
    """The API itself; `waiting` requests have no connection to the database yet."""
    up = f"Version {version}, up for {ago(moment.since_began_s)}"
    if waiting:
        return Said("warning", f"{up}; {count(waiting, 'request')} wait for the database.", None)
    return Said("ok", f"{up}.")


def _fresh_progress(service: Service | None, now: datetime) -> Mapping[str, Any] | None:
    """What a running service said of itself lately."""
    if service is None or service.desired != "running" or service.beat_at is None:
        return None
    return service.progress if (now - service.beat_at).total_seconds() <= RECENT_S else None
