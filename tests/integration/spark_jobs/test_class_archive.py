"""The driver's JVM maps the archive of classes where there is one, and does without where there is none."""

import sys
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from core.jars import class_archive
from core.settings import Settings
from spark_jobs.session import _jvm_flags


def test_the_running_driver_uses_the_archive(spark: SparkSession, settings: Settings) -> None:
    archive = class_archive(settings)
    assert archive.stat().st_size > 50 << 20
    jvm = spark.sparkContext._jvm
    assert jvm is not None
    arguments = jvm.java.lang.management.ManagementFactory.getRuntimeMXBean().getInputArguments()
    assert f"-XX:SharedArchiveFile={archive}" in list(arguments)
    assert str(archive) in Path(f"/proc/{jvm.java.lang.ProcessHandle.current().pid()}/maps").read_text()


def test_without_an_archive_the_driver_starts_as_ever(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, jars: None
) -> None:
    monkeypatch.setattr(sys, "prefix", str(tmp_path))
    assert "SharedArchiveFile" not in _jvm_flags(settings, None)
