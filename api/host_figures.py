"""Metrics: free space on the disk with the checkpoints, and the limits of the asset checks."""

import shutil
from collections.abc import Iterator
from pathlib import Path

from prometheus_client.core import GaugeMetricFamily
from prometheus_client.metrics_core import Metric

from core.settings import CheckSettings


def disk_families(folder: Path) -> Iterator[Metric]:
    """Free and total bytes of the disk with `folder`, which need not exist yet."""
    there = next(each for each in (folder, *folder.absolute().parents) if each.is_dir())
    usage = shutil.disk_usage(there)
    yield GaugeMetricFamily(
        "orderpulse_disk_free_bytes", "Free bytes on the disk with the checkpoints.", usage.free
    )
    yield GaugeMetricFamily(
        "orderpulse_disk_size_bytes", "Size of the disk with the checkpoints.", usage.total
    )


def limit_families(checks: CheckSettings, hang_s: float) -> Iterator[Metric]:
    """The limits of the asset checks and of a hung process, so that alert rules need not repeat them."""
    limits = GaugeMetricFamily(
        "orderpulse_limit",
        "What the asset checks (ORDERPULSE_CHECKS__*) and ORDERPULSE_DAGSTER__HANG_S allow.",
        labels=["of"],
    )
    limits.add_metric(["event_time_lag_seconds"], checks.freshness_limit_s)
    limits.add_metric(["lag_records"], checks.consumer_lag_records)
    limits.add_metric(["reject_share"], checks.reject_share)
    limits.add_metric(["heartbeat_age_seconds"], hang_s)
    yield limits
