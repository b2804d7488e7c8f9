"""The same checks as a run, for a person who wants to know now."""

from collections.abc import Iterator
from functools import partial

import dagster as dg

from control.observation import observe
from orchestration.defs.quality.catalogue import CHECKS, Facts
from orchestration.defs.quality.sensor import end_offsets, topic_differences
from orchestration.resources import KafkaResource, PostgresResource


@dg.multi_asset_check(specs=[check.spec for check in CHECKS], can_subset=True)
def quality_checks(
    context: dg.AssetCheckExecutionContext, postgres: PostgresResource, kafka: KafkaResource
) -> Iterator[dg.AssetCheckResult]:
    """Evaluate the selected checks now. Incidents and backfills are the sensor's."""
    settings, selected = postgres.settings, context.selected_asset_check_keys
    with postgres.connect() as connection:
        observation = observe(connection, settings, end_offsets=end_offsets(kafka))
        facts = Facts(observation, settings, connection, partial(topic_differences, kafka))
        for check in CHECKS:
            if check.spec.key in selected:
                yield check.result(check.evaluate(facts))
