"""A separate platform for benchmarks, local or a cluster: free ports, data in a temporary folder."""

import tempfile
import uuid
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from psycopg import sql

from bench.children import Child
from bench.jobs import Job
from core import kafka, postgres
from core.settings import ClusterSettings, Settings, load_settings
from core.topics import EVENTS_RAW
from database import migrate
from stack.host.ports import free_ports
from stack.local.health import health
from stack.local.programs import SERVERS, SPARK_WORKERS, programs_of
from stack.profile import Kind, Profile, applied
from stack.servers.jars import ensure_jars
from stack.servers.postgres import server as postgres_server

FILL_LIMIT_S = 900.0


@dataclass(slots=True)
class Platform:
    """Running servers. Topics, databases and checkpoints are fresh for each use."""

    settings: Settings
    folder: Path
    servers: list[Child] = field(default_factory=list)

    def fresh_topic(self) -> str:
        """Name of a new, empty topic like `events_raw`."""
        name = f"bench-{uuid.uuid4()}"
        kafka.create_topic(self.settings.kafka, EVENTS_RAW, name)
        return name

    def settings_for(self, topic: str) -> Settings:
        """Settings with `topic`, a new migrated database and a new checkpoint."""
        name = f"bench_{uuid.uuid4().hex}"
        with postgres.connect(self.settings.postgres, autocommit=True) as connection:
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        own = self.settings.postgres.model_copy(update={"database": name})
        migrate(own)
        checkpoint = self.settings.stream.model_copy(update={"checkpoint_dir": self.folder / name})
        source = self.settings.kafka.model_copy(update={"topic": topic})
        return self.settings.model_copy(update={"postgres": own, "stream": checkpoint, "kafka": source})

    def start_job(self, job: Job, settings: Settings) -> Child:
        """Start the job on its topic and database; the caller ends it."""
        return Child(job.value, job.arguments, settings, self.folder / f"{settings.postgres.database}.log")

    def start_generator(self, topic: str, *options: str) -> Child:
        """Start a generator for `topic`; the caller ends it."""
        arguments = ("-m", "generator", "--topic", topic, "--no-heartbeat", *options)
        return Child("generator", arguments, self.settings, self.folder / "generator.log")

    def fill(self, topic: str, count: int) -> int:
        """Send `count` records at full speed, with the default faults. Returns the number of valid new ones."""
        acknowledged = self.fresh_ack_log()
        options = ("--max", "--count", str(count), "--ack-log", str(acknowledged))
        with self.start_generator(topic, *options) as child:
            child.finish(FILL_LIMIT_S)
        return count_valid(acknowledged)

    def fresh_ack_log(self) -> Path:
        """Path of a new acknowledgement list."""
        return self.folder / f"{uuid.uuid4()}.tsv"


def count_valid(acknowledged: Path) -> int:
    """Number of valid new records in a generator's list."""
    with acknowledged.open(encoding="utf-8") as lines:
        return sum(line.split("\t")[4] == "valid" for line in lines)


@contextmanager
def open_folder() -> Iterator[Path]:
    """A temporary folder that PostgreSQL's own account may enter."""
    with tempfile.TemporaryDirectory(prefix="orderpulse-bench-", ignore_cleanup_errors=True) as name:
        Path(name).chmod(0o755)
        yield Path(name)


@contextmanager
def running_platform(kind: Kind = "local") -> Iterator[Platform]:
    """Start the servers of a profile; at the end, stop them and remove their data."""
    with ExitStack() as stack:
        folder = stack.enter_context(open_folder())
        settings = applied(_settings(folder), Profile(kind, secure=False))
        settings.data_dir.mkdir(exist_ok=True)
        ensure_jars(settings)
        platform = Platform(settings, folder)

        def start(names: Sequence[str]) -> None:
            children = [_start(settings, name, folder) for name in names]
            for child in children:
                platform.servers.append(stack.enter_context(child))
            for child in children:
                child.wait_ready(partial(_is_well, settings, child.name))

        start(["postgres"])
        postgres_server.ensure_database(settings)
        present = {program.name for program in programs_of(settings)}
        start([name for name in (*SERVERS, "postgres_replica") if name in present and name != "postgres"])
        start([name for name in SPARK_WORKERS if name in present])
        yield platform


def _start(settings: Settings, name: str, folder: Path) -> Child:
    return Child(name, ("-m", "stack", "run", name), settings, folder / f"{name}.log")


def _is_well(settings: Settings, name: str) -> bool:
    if name == "postgres":
        return postgres_server.accepts(settings)
    return health(settings, name, None) == "healthy"


def _settings(folder: Path) -> Settings:
    base = load_settings()
    kafka_port, controller_port, postgres_port, *others = free_ports(3 + len(ClusterSettings.model_fields))
    return base.model_copy(
        update={
            "kafka": base.kafka.model_copy(update={"bootstrap_servers": f"localhost:{kafka_port}"}),
            "postgres": base.postgres.model_copy(update={"host": "localhost", "port": postgres_port}),
            "cluster": ClusterSettings(**dict(zip(ClusterSettings.model_fields, others, strict=True))),
            "stack": base.stack.model_copy(
                update={"data_dir": folder, "kafka_controller_port": controller_port}
            ),
        }
    )
