"""Download jars with Ivy, which ships inside pyspark, so no other tool is needed."""

import subprocess
from collections.abc import Callable, Iterable
from pathlib import Path
from xml.sax.saxutils import quoteattr

from core.errors import PrerequisiteError
from stack.host.installed import package_folder
from stack.host.prerequisite import JAVA

SETTINGS = """<ivysettings>
  <settings defaultResolver="central"/>
  <resolvers><ibiblio name="central" m2compatible="true" usepoms="false"/></resolvers>
</ivysettings>
"""
"""Ivy's default repository; poms are not read, since the lock lists every jar."""

MODULE = """<ivy-module version="2.0">
  <info organisation="orderpulse" module="jars"/>
  <configurations><conf name="default"/></configurations>
  <dependencies>
{dependencies}
  </dependencies>
</ivy-module>
"""


def retrieve(coordinates: Iterable[str], folder: Path, cache: Path, fetched: Callable[[], None]) -> None:
    """Put the jars of `group:artifact:version` coordinates into `folder` as `artifact-version.jar`.

    `fetched` is called once for each that was downloaded. Raises `PrerequisiteError`
    with Ivy's output if it fails.
    """
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "ivysettings.xml").write_text(SETTINGS, encoding="utf-8")
    (folder / "ivy.xml").write_text(_module(coordinates), encoding="utf-8")
    command = [
        str(JAVA.find()),
        "-XX:TieredStopAtLevel=1",
        f"-Duser.home={cache}",
        "-jar",
        str(_ivy_jar()),
    ]
    command += ["-settings", str(folder / "ivysettings.xml"), "-ivy", str(folder / "ivy.xml")]
    command += ["-cache", str(cache), "-confs", "default", "-types", "jar"]
    command += ["-retrieve", f"{folder}/[artifact]-[revision].[ext]"]
    complaints = []
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        assert process.stdout is not None, "stdout is a pipe"
        for line in process.stdout:
            if "[SUCCESSFUL ]" in line:
                fetched()
            if any(word in line for word in ("UNRESOLVED", "not found", "FAILED", "Exception", "ERROR")):
                complaints.append(line.strip(" \t\n:"))
    if process.returncode != 0:
        said = "; ".join(dict.fromkeys(complaints)) or f"exit code {process.returncode}"
        raise PrerequisiteError(f"The jars could not be downloaded ({said[:600]}). Is the network reachable?")


def _module(coordinates: Iterable[str]) -> str:
    lines = []
    for coordinate in coordinates:
        group, artifact, version = map(quoteattr, coordinate.split(":"))
        lines.append(
            f'    <dependency org={group} name={artifact} rev={version} conf="default->*" transitive="false"/>'
        )
    return MODULE.format(dependencies="\n".join(lines))


def _ivy_jar() -> Path:
    found = sorted((package_folder("pyspark") / "jars").glob("ivy-*.jar"))
    if not found:
        raise PrerequisiteError(
            "pyspark no longer ships Ivy, so the jars of stack/servers/jars.lock cannot be downloaded."
        )
    return found[-1]
