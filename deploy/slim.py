"""`python slim.py VENV`: remove what no program of ours loads from the image's packages; run during the image build.

docs/deployment.md has the sizes. `make test-containers` runs everything that is left.
"""

import shutil
import sys
import zipfile
from pathlib import Path

PLATFORMS = ("linux64.", "linux-aarch64.")
"""Of RocksDB's library; the jar brings fourteen."""

JARS = (
    # Spark's machine learning and graphs
    *(
        "spark-mllib",
        "spark-graphx",
        "breeze",
        "spire",
        "algebra",
        "cats-kernel",
        "JTransforms",
        "JLargeArrays",
    ),
    *("lapack", "arpack", "blas", "pmml", "jpmml"),
    # Kubernetes, Spark Connect and the shell
    *("spark-kubernetes", "kubernetes-", "vertx-", "spark-connect", "spark-pipelines", "spark-repl", "jline"),
    # Hive's metastore, which streams and files do not use
    *("spark-hive", "hive-beeline", "hive-cli", "hive-common", "hive-exec", "hive-jdbc", "hive-metastore"),
    *("hive-serde", "hive-service-rpc", "hive-shims", "datanucleus", "derby", "jdo-api"),
)
FOREIGN = ("-osx-", "-windows-")
"""Native libraries of other systems."""

FOLDERS = ("pyarrow/include", "pyarrow/tests", "networkx/**/tests", "sqlalchemy/testing")
PYSPARK = ("pyspark/ml", "pyspark/mllib", "pyspark/pandas")
"""Beside their jars."""

FILES = (
    *("pyarrow/libarrow_flight.*", "pyarrow/_flight.*", "pyarrow/libarrow_python_flight.*"),
    *("pyarrow/libarrow_s3.*", "pyarrow/_s3fs.*"),
    *("pyarrow/libarrow_python.so", "pyarrow/libarrow_python.so.*.*"),  # copies of libarrow_python.so.2600
    "dagster_webserver/**/*.map",
)


def main() -> None:
    """Entry point."""
    (packages,) = Path(sys.argv[1]).glob("lib/python3*/site-packages")
    jars = packages / "pyspark" / "jars"
    for jar in jars.glob("*.jar"):
        if jar.name.startswith(JARS) or any(part in jar.name for part in FOREIGN):
            jar.unlink()
    (rocksdb,) = jars.glob("rocksdbjni-*.jar")
    keep_platforms(rocksdb)
    for pattern in FOLDERS + PYSPARK:
        for folder in list(packages.glob(pattern)):
            shutil.rmtree(folder)
    for pattern in FILES:
        for file in list(packages.glob(pattern)):
            file.unlink()


def keep_platforms(jar: Path) -> None:
    """Rewrite the jar with only the libraries of our platforms."""
    smaller = jar.with_suffix(".smaller")
    with zipfile.ZipFile(jar) as old, zipfile.ZipFile(smaller, "w", zipfile.ZIP_DEFLATED) as new:
        for entry in old.infolist():
            library = entry.filename.startswith("librocksdbjni-")
            if not library or any(platform in entry.filename for platform in PLATFORMS):
                new.writestr(entry, old.read(entry))
    smaller.replace(jar)


if __name__ == "__main__":
    main()
