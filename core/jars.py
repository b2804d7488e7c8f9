"""Paths of the jars for the broker and Spark, and of the archive of their classes."""

import hashlib
import shutil
import sys
from pathlib import Path
from typing import Literal

from core.errors import PrerequisiteError
from core.settings import Settings

JarSet = Literal["kafka", "spark"]
"""The broker's class path and what Spark needs beyond pyspark's own jars."""


def jar_dir(settings: Settings, name: JarSet) -> Path:
    """Folder of one set of jars; `stack/servers/jars.lock` lists its contents."""
    return settings.cache_dir / "jars" / name


def jar_paths(settings: Settings, name: JarSet) -> list[Path]:
    """The jars of one set, sorted. Raises `PrerequisiteError` if none was downloaded yet."""
    paths = sorted(jar_dir(settings, name).glob("*.jar"))
    if not paths:
        raise PrerequisiteError(
            f"The {name} jars are not in {jar_dir(settings, name)}; `orderpulse up` or `orderpulse jars` fetches them."
        )
    return paths


def class_archive(settings: Settings) -> Path:
    """Path of the file in which `spark_jobs.class_archive` stores the classes of Spark's driver.

    It is valid for one Java and one class path, so it is in the virtual environment.
    Raises `PrerequisiteError` without jars.
    """
    java = shutil.which("java")
    parts = [str(Path(java).resolve()) if java else "", sys.prefix]
    parts += [str(path) for path in jar_paths(settings, "spark")]
    key = hashlib.sha256("\n".join(parts).encode()).hexdigest()[:12]
    return Path(sys.prefix) / "share" / "orderpulse" / f"spark-{key}.jsa"
