"""All settings, read once at a process's entry point and passed down as an object.

Each may be set in the environment (`ORDERPULSE_KAFKA__BOOTSTRAP_SERVERS=host:9092`), in a file `.env`
in the project's root, or in a file of its own (`core.secret_files`). `core.production` has the rules of
production. `docs/settings.md` lists the settings; it is generated from here.
"""

import os
from collections.abc import Collection
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict
from pydantic_settings import SettingsError as MalformedError

from core.errors import SettingsError
from core.production import SERVERS, Use, refuse, weakness_of_secret
from core.secret_files import SecretFiles

__all__ = [
    "AlertSettings",
    "ApiSettings",
    "CheckSettings",
    "ClusterSettings",
    "DagsterSettings",
    "DbtSettings",
    "Environment",
    "GeneratorSettings",
    "KafkaSettings",
    "PostgresSettings",
    "RetentionSettings",
    "Settings",
    "StackSettings",
    "StreamSettings",
    "load_settings",
    "read_settings",
    "weakness_of_secret",
]

DEFAULT_PASSWORD = "app"  # noqa: S105  # a developer's machine only; production refuses it
Share = Annotated[float, Field(ge=0, le=1)]
Port = Annotated[int, Field(ge=1, le=65535)]


class Environment(StrEnum):
    """Profile of the same code."""

    DEVELOPMENT = "development"
    TEST = "test"
    PRODUCTION = "production"


class _Group(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class KafkaSettings(_Group):
    """The broker and the topic."""

    bootstrap_servers: str = Field("localhost:9092", description="Comma-separated host:port pairs.")
    topic: str = Field("events_raw", description="Topic of the events.")
    replication_factor: int = Field(1, ge=1, description="Copies of each partition; 3 on a cluster.")
    min_insync_replicas: int = Field(
        1, ge=1, description="Copies that must have a record before it is acknowledged."
    )
    security_protocol: Literal["PLAINTEXT", "SASL_SSL"] = Field(
        "PLAINTEXT",
        description="SASL_SSL encrypts, and asks who it is; PLAINTEXT only on a developer's machine.",
    )
    username: str | None = Field(None, description="User, by SCRAM-SHA-512 over SASL_SSL.")
    password: SecretStr | None = Field(None, description="Password of that user.")
    ca_file: Path | None = Field(None, description="Certificates (PEM) that may have signed the broker's.")

    def addresses(self) -> list[tuple[str, int]]:
        """The bootstrap servers as (host, port) pairs."""
        pairs = []
        for part in self.bootstrap_servers.split(","):
            host, _, port = part.strip().rpartition(":")
            if not host or not port.isdigit():
                raise SettingsError(f"ORDERPULSE_KAFKA__BOOTSTRAP_SERVERS: '{part}' is not host:port")
            pairs.append((host, int(port)))
        return pairs


class PostgresSettings(_Group):
    """The database `realtime`."""

    host: str = Field("localhost", description="Host name.")
    port: Port = Field(5432, description="TCP port.")
    database: str = Field("realtime", description="Database name.")
    user: str = Field("app", description="User.")
    password: SecretStr = Field(SecretStr(DEFAULT_PASSWORD), description="Password.")
    sslmode: Literal["disable", "prefer", "require", "verify-ca", "verify-full"] = Field(
        "prefer", description="libpq's sslmode; verify-full in production."
    )
    ca_file: Path | None = Field(None, description="Certificates (PEM) that may have signed the server's.")

    def parameters(self) -> dict[str, str]:
        """Connection parameters by their libpq names."""
        authority = {} if self.ca_file is None else {"sslrootcert": str(self.ca_file)}
        return authority | {
            "host": self.host,
            "port": str(self.port),
            "dbname": self.database,
            "user": self.user,
            "password": self.password.get_secret_value(),
            "sslmode": self.sslmode,
            "connect_timeout": "5",
        }


class GeneratorSettings(_Group):
    """What the generator sends."""

    rate: float = Field(5.0, ge=0.1, description="Events per second.")
    invalid_share: Share = Field(0.01, description="Share of records that break a rule on purpose.")
    duplicate_share: Share = Field(0.01, description="Share of records sent a second time.")
    late_share: Share = Field(0.005, description="Share of valid events that are up to 4 minutes old.")
    seed: int | None = Field(None, description="Makes a run repeatable.")


class StreamSettings(_Group):
    """The Spark job."""

    master: str = Field("local[2]", description="Spark master: local[N] or spark://host:port.")
    parallelism: int = Field(
        1, ge=1, description="Tasks per batch and query; 1 avoids the exchange on two cores."
    )
    driver_memory: str = Field("1g", description="Heap of the driver's JVM.")
    jvm_options: str = Field(
        "", description="Further options of Java for driver and executors, such as those of a profiler."
    )
    executor_memory: str = Field("768m", description="Heap of an executor's JVM, on a cluster.")
    executor_cores: int = Field(1, ge=1, description="Tasks at once of an executor, on a cluster.")
    max_cores: int | None = Field(
        None, ge=1, description="Cores that the job takes of a standalone cluster; all where it is not set."
    )
    batch_master: str = Field(
        "local[2]", description="Spark master of the batch layer's jobs; a cluster's needs cores to spare."
    )
    auth_secret: SecretStr | None = Field(
        None,
        description="Secret that driver, executors, master and workers share; with it they encrypt what they exchange.",
    )
    checkpoint_dir: Path = Field(
        Path("checkpoints/spark_stream"),
        description="Checkpoints of the two queries; relative to the project's root.",
    )
    trigger_interval_ms: int = Field(
        0, ge=0, description="0 is Spark's default trigger: the next batch at once."
    )
    max_offsets_per_trigger: int = Field(60_000, ge=1, description="Most records in one batch of a query.")
    kpi_max_delay_ms: int = Field(
        250, ge=0, description="How long the KPI query gathers records before a batch; 0 starts at once."
    )
    sink_retry_s: float = Field(
        300.0, ge=0, description="How long a batch waits for the database before it gives up."
    )
    stop_timeout_s: float = Field(30.0, gt=0, description="How long a stop waits for the batches under way.")


class StackSettings(_Group):
    """The platform on one machine."""

    profile: Literal["local", "cluster"] = Field(
        "local", description="cluster: three brokers, Spark with two workers, a replica of the database."
    )
    security: Literal["off", "on"] = Field(
        "off", description="on: TLS, a password and the least rights for each process, as in production."
    )
    postgres_programs: Path | None = Field(
        None,
        description="Folder of another PostgreSQL's programs; TLS needs one (the packaged one has none).",
    )

    data_dir: Path = Field(
        Path(".data"), description="Data of PostgreSQL and Kafka, logs, pid files; relative to the root."
    )
    cache_dir: Path | None = Field(None, description="Jars and packages that survive `make clean`.")
    kafka_controller_port: Port = Field(9093, description="Port of Kafka's own controller (loopback).")
    kafka_heap: str = Field("384m", description="Heap of the broker's JVM.")
    postgres_shared_buffers: str = Field("128MB", description="PostgreSQL's own cache.")
    background_niceness: int = Field(
        5, ge=0, le=19, description="How readily Spark and Dagster leave processors to servers and pages."
    )


class ClusterSettings(_Group):
    """What the profile `cluster` adds on one machine (all on loopback)."""

    kafka_2_port: Port = Field(9192, description="Port of the second broker.")
    kafka_2_controller_port: Port = Field(9193, description="Port of the second controller.")
    kafka_3_port: Port = Field(9292, description="Port of the third broker.")
    kafka_3_controller_port: Port = Field(9293, description="Port of the third controller.")
    spark_master_port: Port = Field(7077, description="Port of Spark's master.")
    spark_master_ui_port: Port = Field(7080, description="Port of the master's web page.")
    spark_worker_1_ui_port: Port = Field(7081, description="Port of the first worker's web page.")
    spark_worker_2_ui_port: Port = Field(7082, description="Port of the second worker's web page.")
    replica_port: Port = Field(5433, description="Port of the database's streaming replica.")


class DagsterSettings(_Group):
    """Dagster, which starts and watches the generator and the stream, and runs the jobs."""

    database: str = Field("dagster", description="Database of its own on the same server.")
    webserver_port: Port = Field(3000, description="Port of its web page (loopback: it knows no passwords).")
    code_server_port: Port = Field(4266, description="Port of its code server (loopback).")
    docs_port: Port = Field(3080, description="Port of the dbt documentation (loopback).")
    process_host: Literal["supervisor", "services"] = Field(
        "supervisor",
        description="Who keeps generator and stream running: the manager that `orderpulse up` starts, or "
        "`orderpulse serve NAME` in a container for each.",
    )
    listen_host: str = Field(
        "127.0.0.1", description="Address its servers listen on; another only in a network of their own."
    )
    code_server_host: str = Field("localhost", description="Where its code server is found.")
    webserver_host: str = Field("127.0.0.1", description="Where the API finds its web server.")
    path_prefix: str = Field(
        "", description="Path below which the web server serves its page, as the proxy in front has it."
    )
    read_only: bool = Field(False, description="A web server that shows all and changes nothing.")  # noqa: FBT003
    public_url: str | None = Field(None, description="Where people find its page; default: the port above.")
    docs_url: str | None = Field(None, description="Where people find the dbt documentation; likewise.")
    report_interval_s: float = Field(
        60.0, gt=0, description="How often assets and checks are reported; a change is reported at once."
    )
    hang_s: float = Field(
        30.0, gt=0, description="A process that lives but is silent for so long is restarted."
    )
    restart_limit: int = Field(
        5,
        ge=1,
        description="Restarts that nobody asked for within the window below, after which it is given up.",
    )
    restart_window_s: float = Field(600.0, gt=0, description="The window of the limit above.")

    def page(self) -> str:
        """Address of its page, for people; no slash at the end."""
        return self.public_url or f"http://localhost:{self.webserver_port}{self.path_prefix}"

    def docs_page(self) -> str:
        """Address of the dbt documentation, for people; no slash at the end."""
        return self.docs_url or f"http://localhost:{self.docs_port}"


class DbtSettings(_Group):
    """dbt, which may be another user of the database than the process that starts it."""

    user: str | None = Field(None, description="User; ORDERPULSE_POSTGRES__USER where it is not set.")
    password: SecretStr | None = Field(None, description="Password of that user.")


class CheckSettings(_Group):
    """Thresholds of the asset checks."""

    freshness_limit_s: float = Field(60.0, gt=0, description="Event-time lag of events_clean and kpi_1m.")
    consumer_lag_records: int = Field(
        10_000, ge=0, description="Records of the topic that a query has not read."
    )
    reject_share: Share = Field(0.05, description="Share of rejected records in the last 15 minutes.")
    dropped_records: int = Field(
        0, ge=0, description="Records dropped by the watermark and not brought back yet."
    )
    checkpoint_stall_s: float = Field(
        60.0, gt=0, description="How long a checkpoint with records to read may stand still."
    )
    checkpoint_size_mb: int = Field(500, ge=1, description="Size of a query's checkpoint.")
    reconcile_minutes: int = Field(
        60, ge=1, description="Settled minutes that are compared with events_clean."
    )


class AlertSettings(_Group):
    """Where alerts go."""

    webhook_url: SecretStr | None = Field(
        None, description="Takes each alert as Slack-compatible JSON; without it alerts are only recorded."
    )
    timeout_s: float = Field(5.0, gt=0, description="How long one delivery may take.")
    attempts: int = Field(20, ge=1, description="Deliveries that are tried, with growing pauses.")


class RetentionSettings(_Group):
    """What the job `retention` removes."""

    events_days: int = Field(30, ge=1, description="Events and rejected records; their KPIs stay.")
    ledger_days: int = Field(7, ge=1, description="Rows of the ledger and closed alerts.")
    event_log_days: int = Field(7, ge=1, description="Dagster's own event log and compute logs.")
    rows_per_batch: int = Field(10_000, ge=1, description="Rows deleted in one transaction.")


class ApiSettings(_Group):
    """The API, which also serves the dashboard."""

    host: str = Field("127.0.0.1", description="Address it listens on; loopback unless there are tokens.")
    port: Port = Field(8000, description="Port of the dashboard and the API.")
    auth: Literal["off", "required"] = Field(
        "off", description="Whether a bearer token (JWT) is demanded; always in production and off loopback."
    )
    jwt_issuer: str = Field("orderpulse", description="Claim `iss` that a token must have.")
    jwt_audience: str = Field("orderpulse-api", description="Claim `aud` that a token must have.")
    jwt_jwks_file: Path | None = Field(None, description="Public keys as a JWK Set, for RS256 and EdDSA.")
    jwt_public_key_file: Path | None = Field(None, description="One public key in PEM, instead of a set.")
    jwt_secret: SecretStr | None = Field(
        None, description="Secret of at least 32 bytes for HS256, instead of a public key."
    )
    cors_origins: str = Field("", description="Comma-separated origins of other sites that may ask it.")
    pool_size: int = Field(8, ge=1, description="Connections to the database.")
    pool_wait_s: float = Field(2.0, gt=0, description="How long a request waits for one before a 503.")
    statement_timeout_ms: int = Field(5_000, ge=1, description="Longest statement of a request.")
    replica_host: str | None = Field(None, description="Read replica for the API's reads.")
    replica_port: Port = Field(5432, description="Port of that replica.")
    share_ms: int = Field(
        200, ge=0, description="KPIs and series that are asked for again within so long are the same answer."
    )
    max_streams: int = Field(2_000, ge=1, description="Live streams at once; one more gets a 503.")


class Settings(BaseSettings):
    """Everything that can be set, by group."""

    model_config = SettingsConfigDict(
        env_prefix="ORDERPULSE_",
        env_nested_delimiter="__",
        env_file_encoding="utf-8",
        extra="ignore",
        frozen=True,
    )

    environment: Environment = Field(
        Environment.DEVELOPMENT,
        validation_alias="ENVIRONMENT",
        description="development, test or production.",
    )
    root: Path = Field(Path(__file__).resolve().parent.parent, description="The project's root folder.")
    secrets_dir: Path | None = Field(
        None,
        description="Folder of files that each hold one setting (`orderpulse_postgres__password`).",
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        "info", description="Least level that is logged."
    )
    kafka: KafkaSettings = KafkaSettings()
    postgres: PostgresSettings = PostgresSettings()
    generator: GeneratorSettings = GeneratorSettings()
    stream: StreamSettings = StreamSettings()
    stack: StackSettings = StackSettings()
    cluster: ClusterSettings = ClusterSettings()
    dagster: DagsterSettings = DagsterSettings()
    dbt: DbtSettings = DbtSettings()
    checks: CheckSettings = CheckSettings()
    alerts: AlertSettings = AlertSettings()
    retention: RetentionSettings = RetentionSettings()
    api: ApiSettings = ApiSettings()

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003  # pydantic's own signature
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Where settings come from, the first that has one wins: the environment, `.env`, secret files."""
        sources = (init_settings, env_settings, dotenv_settings)
        given = dotenv_settings() | env_settings() | init_settings()
        if not given.get("secrets_dir"):
            return sources
        root = Path(given.get("root", cls.model_fields["root"].default))
        return (*sources, SecretFiles(file_secret_settings, root / given["secrets_dir"]))

    @property
    def data_dir(self) -> Path:
        """Absolute folder of everything the local platform writes."""
        return self.root / self.stack.data_dir

    @property
    def cache_dir(self) -> Path:
        """Absolute folder of what is fetched once and kept across `make clean`."""
        if self.stack.cache_dir is not None:
            return self.root / self.stack.cache_dir
        if os.geteuid() == 0:
            return Path("/var/cache/orderpulse")
        return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "orderpulse"

    @property
    def checkpoint_dir(self) -> Path:
        """Absolute folder of the queries' checkpoints."""
        return self.root / self.stream.checkpoint_dir

    @property
    def log_dir(self) -> Path:
        """Absolute folder of the processes' logs."""
        return self.data_dir / "logs"


def load_settings(*, uses: Collection[Use] = SERVERS, **overrides: object) -> Settings:
    """The settings, once they are fit for production where they are for production.

    `uses`: what the process has to do with; only what is about that must be set in production.
    `overrides` replace whole groups or fields and are for tests. Raises `SettingsError` that names every
    setting that is wrong, all at once.
    """
    settings = read_settings(**overrides)
    if settings.environment is Environment.PRODUCTION:
        refuse(settings, uses)
    return settings


def read_settings(**overrides: object) -> Settings:
    """The settings as they are given, however unsafe: for a look at them. Raises as `load_settings` does."""
    env_file = Path(str(overrides.get("root", Settings.model_fields["root"].default))) / ".env"
    try:
        return Settings(_env_file=env_file, **overrides)  # type: ignore[arg-type]  # pydantic's own keyword
    except ValidationError as error:
        raise SettingsError(_explain(error)) from None
    except MalformedError as error:  # its cause quotes the value, which may be a secret
        raise SettingsError(f"The settings are not usable: {error}") from None


def _explain(error: ValidationError) -> str:
    lines = []
    for fault in error.errors(include_input=False, include_url=False):
        path = [str(part) for part in fault["loc"]]
        name = "ORDERPULSE_" + "__".join(path).upper() if path and path != ["ENVIRONMENT"] else "".join(path)
        lines.append(
            f"{name}: {fault['msg'].removeprefix('Value error, ')}"
            if name
            else fault["msg"].removeprefix("Value error, ")
        )
    return "The settings are not usable. " + "; ".join(lines)
