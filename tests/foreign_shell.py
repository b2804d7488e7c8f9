"""A shell in which other work is done: with a proxy, and variables for another Java, Spark, Python, PostgreSQL and Node."""

import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

COMMAND = str(Path(sys.executable).with_name("orderpulse"))
"""As a person calls it; `make install` writes it."""

NOWHERE = "/nonexistent"
CLOSED = "http://127.0.0.1:9"
"""Nothing listens there."""


def foreign_variables(folder: Path) -> dict[str, str]:
    """The variables; one of them names a package in `folder` that is called as one of ours. Each breaks something."""
    package = folder / "foreign" / "core"
    package.mkdir(parents=True, exist_ok=True)
    (package / "__init__.py").write_text('raise SystemExit("a foreign package")\n', encoding="utf-8")
    proxies = dict.fromkeys(("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "ALL_PROXY"), CLOSED)
    return proxies | {
        "PYTHONPATH": str(package.parent),
        "PYTHONHOME": NOWHERE,
        "SPARK_HOME": NOWHERE,
        "SPARK_REMOTE": "sc://nowhere.example",
        "SPARK_CONF_DIR": NOWHERE,
        "PYSPARK_SUBMIT_ARGS": "--master spark://nowhere.example:7077 pyspark-shell",
        "PYSPARK_DRIVER_PYTHON": "jupyter",
        "JAVA_HOME": NOWHERE,
        "JAVA_TOOL_OPTIONS": "-Xmx2m -Duser.language=ar",
        "JDK_JAVA_OPTIONS": "-Dfile.encoding=ISO-8859-1",
        "_JAVA_OPTIONS": "-Duser.language=tr",
        "HADOOP_USER_NAME": "somebody",
        "PGHOSTADDR": "192.0.2.1",
        "PGOPTIONS": "-c search_path=nowhere",
        "PGSERVICE": "nowhere",
        "PGCLIENTENCODING": "LATIN1",
        "PGTZ": "Asia/Kolkata",
        "PGSSLMODE": "verify-full",
        "NODE_ENV": "production",
        "NODE_OPTIONS": "--require /nonexistent",
        "NPM_CONFIG_OMIT": "dev",
        "DBT_TARGET": "nowhere",
        "DBT_PROFILES_DIR": NOWHERE,
        "DAGSTER_HOME": NOWHERE,
        "DAGSTER_POSTGRES_URL": "postgresql://nowhere.example",
        "LD_LIBRARY_PATH": NOWHERE,
        "LANG": "tr_TR.UTF-8",
        "LC_ALL": "tr_TR.UTF-8",
        "TZ": "Pacific/Chatham",
    }


def orderpulse(
    environment: Mapping[str, str], *arguments: str, timeout_s: float = 60
) -> subprocess.CompletedProcess[str]:
    """What `orderpulse` says and ends with in a shell with `environment`."""
    return subprocess.run(
        [COMMAND, *arguments],
        env=dict(environment),
        cwd="/",
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=timeout_s,
        check=False,
    )
