"""All settings, read once at a process's entry point and passed down as an object.

Each may be set in the environment (`ORDERPULSE_KAFKA__BOOTSTRAP_SERVERS=host:9092`), in a file `.env`
in the project's root, or in a separate file (`core.secret_files`). `core.production` has the rules for
production. `docs/reference/settings.md` lists the settings; it is generated from here.
"""

import os
from collections.abc import Collection
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict
from pydantic_settings import SettingsError as MalformedError

from core.currencies import DEFAULT_CURRENCIES, parse_currencies
from core.env_file import EnvFile
from core.errors import SettingsError
from core.production import SERVERS, Use, refuse
from core.secret_files import SecretFiles

DEFAULT_PASSWORD = "app"  # noqa: S105  # a developer's machine only; production refuses it
Share = Annotated[float, Field(ge=0, le=1)]
Port = Annotated[int, Field(ge=1, le=65535)]


class Environment(StrEnum):
    """Where the code runs."""

    DEVELOPMENT = "development"
    TEST = "test"
    PRODUCTION = "production"


def _currency_codes(text: str) -> str:
    return ",".join(parse_currencies(text))


class _Group(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class KafkaSettings(_Group):
    """The broker and the topic."""

    bootstrap_servers: str = Field("localhost:9092", description="Comma-separated host:port pairs.")
    topic: str = Field("events_raw", description="Topic of the events.")
    replication_factor: int = Field(1, ge=1, description="Replicas of each partition; 3 on a cluster.")
    min_insync_replicas: int = Field(
        1, ge=1, description="Replicas that must have a record before it is acknowledged."
    )
    security_protocol: Literal["PLAINTEXT", "SASL_SSL"] = Field(
        "PLAINTEXT",
        description="SASL_SSL encrypts and requires a login; PLAINTEXT only on a developer's machine.",
    )
    username: str | None = Field(None, description="User for SCRAM-SHA-512 over SASL_SSL.")
    password: SecretStr | None = Field(None, description="Password of that user.")
    ca_file: Path | None = Field(
        None, description="Certificates (PEM) of the authorities that may sign the broker's."
    )

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
    ca_file: Path | None = Field(
        None, description="Certificates (PEM) of the authorities that may sign the server's."
    )

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


class ShopSettings(_Group):
    """The shop."""

    currencies: Annotated[str, AfterValidator(_currency_codes)] = Field(
        ",".join(DEFAULT_CURRENCIES),
        description=(
            "Comma-separated ISO 4217 codes that events may have; others are rejected as `not_allowed`. "
            "Pages show them in this order."
        ),
    )

    admit_late: bool = Field(
        False,  # noqa: FBT003
        description=(
            "Whether events that were rejected as `late` are admitted every hour, as after an outage of the sender; "
            "without it the job `replay_rejected` does it on demand."
        ),
    )

    def currency_codes(self) -> tuple[str, ...]:
        """The codes, in their order."""
        return tuple(self.currencies.split(","))


class GeneratorSettings(_Group):
    """The generator."""

    rate: float = Field(5.0, ge=0.1, description="Events per second.")
    invalid_share: Share = Field(0.01, description="Share of records that break a rule on purpose.")
    duplicate_share: Share = Field(0.01, description="Share of records sent a second time.")
    late_share: Share = Field(0.005, description="Share of valid events that are up to 4 minutes old.")
    seed: int | None = Field(None, description="Seed that makes a run repeatable.")


class StreamSettings(_Group):
    """The Spark job."""

    master: str = Field("local[2]", description="Spark master: local[N] or spark://host:port.")
    parallelism: int = Field(
        1, ge=1, description="Tasks per batch and query; 1 avoids the exchange on two cores."
    )
    driver_memory: str = Field(
        "3g",
        description="Maximum heap of the driver's JVM; only records of 100 to 300 MB need more than 1g.",
    )
    jvm_options: str = Field(
        "", description="Additional Java options for driver and executors, such as a profiler's."
    )
    executor_memory: str = Field("768m", description="Heap of an executor's JVM, on a cluster.")
    executor_cores: int = Field(1, ge=1, description="Concurrent tasks of an executor, on a cluster.")
    max_cores: int | None = Field(
        None, ge=1, description="Cores that the job takes from a standalone cluster; all if not set."
    )
    batch_master: str = Field(
        "local[2]", description="Spark master of the batch layer's jobs; a cluster must have spare cores."
    )
    auth_secret: SecretStr | None = Field(
        None,
        description="Secret shared by driver, executors, master and workers; if set, they encrypt their traffic.",
    )
    checkpoint_dir: Path = Field(
        Path("checkpoints/spark_stream"),
        description="Checkpoints of the two queries; relative to the project's root.",
    )
    trigger_interval_ms: int = Field(
        0, ge=0, description="0 is Spark's default trigger: the next batch starts at once."
    )
    max_offsets_per_trigger: int = Field(60_000, ge=1, description="Maximum records in one batch of a query.")
    kpi_max_delay_ms: int = Field(
        250,
        ge=0,
        description="How long the KPI query waits for more records before a batch; 0 starts at once.",
    )
    sink_retry_s: float = Field(
        300.0, ge=0, description="How long a batch waits for the database before it gives up."
    )
    stop_timeout_s: float = Field(30.0, gt=0, description="How long a stop waits for running batches.")


class StackSettings(_Group):
    """The platform on one machine."""

    profile: Literal["local", "cluster"] = Field(
        "local", description="cluster: three brokers, Spark with two workers, a replica of the database."
    )
    security: Literal["off", "on"] = Field(
        "off",
        description="on: TLS, and a least-privilege user with a password for each process, as in production.",
    )
    postgres_programs: Path | None = Field(
        None,
        description="Folder of another PostgreSQL's programs; required for TLS, which the packaged one lacks.",
    )

    data_dir: Path = Field(
        Path(".data"), description="Data of PostgreSQL and Kafka, logs, pid files; relative to the root."
    )
    cache_dir: Path | None = Field(None, description="Jars and packages that survive `make clean`.")
    kafka_controller_port: Port = Field(9093, description="Port of Kafka's own controller (loopback).")
    kafka_heap: str = Field("384m", description="Heap of the broker's JVM.")
    postgres_shared_buffers: str = Field("128MB", description="PostgreSQL's shared buffers.")
    drain_timeout_s: float = Field(
        120.0,
        ge=0,
        description="How long `down` waits for the stream to read all records in Kafka; 0: no wait.",
    )
    pass_variables: str = Field(
        "",
        description="Additional shell variables to pass to programs, comma-separated.",
    )
    background_niceness: int = Field(
        5,
        ge=0,
        le=19,
        description="Niceness of Spark and Dagster, so that servers and pages get the processors first.",
    )

    def further_variables(self) -> list[str]:
        """The names in `pass_variables`."""
        return [name.strip() for name in self.pass_variables.split(",") if name.strip()]


class ClusterSettings(_Group):
    """Ports of the profile `cluster` on one machine (all on loopback)."""

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

    database: str = Field("dagster", description="Its database on the same server.")
    webserver_port: Port = Field(3000, description="Port of its web page (loopback: it has no login).")
    code_server_port: Port = Field(4266, description="Port of its code server (loopback).")
    docs_port: Port = Field(3080, description="Port of the dbt documentation (loopback).")
    process_host: Literal["supervisor", "services"] = Field(
        "supervisor",
        description="What keeps generator and stream running: the manager that `orderpulse up` starts, or "
        "`orderpulse serve NAME` in a container for each.",
    )
    listen_host: str = Field(
        "127.0.0.1", description="Address its servers listen on; change it only in a separate network."
    )
    code_server_host: str = Field("localhost", description="Address of its code server.")
    webserver_host: str = Field("127.0.0.1", description="Address of its web server for the API.")
    path_prefix: str = Field("", description="Path prefix of its page, as configured in the proxy in front.")
    read_only: bool = Field(False, description="Whether the web server is read-only.")  # noqa: FBT003
    public_url: str | None = Field(None, description="Public address of its page; default: the port above.")
    docs_url: str | None = Field(None, description="Public address of the dbt documentation; likewise.")
    report_interval_s: float = Field(
        60.0, gt=0, description="How often assets and checks are reported; a change is reported at once."
    )
    hang_s: float = Field(
        30.0,
        gt=0,
        description="A process that is alive but has sent no heartbeat for this long is restarted.",
    )
    failure_limit: int = Field(
        5,
        ge=1,
        description="Failures in a row without progress, of generator or stream, that open an incident.",
    )

    def page(self) -> str:
        """Public address of its page, without a trailing slash."""
        return self.public_url or f"http://localhost:{self.webserver_port}{self.path_prefix}"

    def docs_page(self) -> str:
        """Public address of the dbt documentation, without a trailing slash."""
        return self.docs_url or f"http://localhost:{self.docs_port}"


class DbtSettings(_Group):
    """dbt, which may be another user of the database than the process that starts it."""

    user: str | None = Field(None, description="User; default: ORDERPULSE_POSTGRES__USER.")
    password: SecretStr | None = Field(None, description="Password of that user.")


class CheckSettings(_Group):
    """Thresholds of the asset checks."""

    freshness_limit_s: float = Field(60.0, gt=0, description="Event-time lag of events_clean and kpi_1m.")
    consumer_lag_records: int = Field(
        10_000, ge=0, description="Records of the topic that a query has not read."
    )
    reject_share: Share = Field(0.05, description="Share of rejected records in the last 15 minutes.")
    dropped_records: int = Field(
        0, ge=0, description="Records dropped by the watermark and not yet recovered."
    )
    checkpoint_stall_s: float = Field(
        60.0, gt=0, description="How long a checkpoint may not advance while there are records to read."
    )
    checkpoint_size_mb: int = Field(500, ge=1, description="Size of a query's checkpoint.")
    guard_minutes: int = Field(
        15, ge=1, description="Minutes of events that are checked for producers' mistakes."
    )
    differing_share: Share = Field(
        0.1, description="Allowed share of duplicates whose content differs from the stored event."
    )
    order_id_share: Share = Field(
        0.01, description="Allowed share of events that use their order's id as event id."
    )
    double_payment_share: Share = Field(
        0.01, description="Allowed share of payments that repeat order, currency and amount of another."
    )
    unusual_amount_share: Share = Field(
        0.05, description="Allowed share of amounts far from the usual order of their currency."
    )
    unusual_amount_factor: float = Field(
        100.0, gt=1, description="Factor above or below the usual order that counts as far from it."
    )
    field_values: int = Field(
        250, ge=1, description="Allowed number of values of an optional field in 24 hours."
    )
    loss_hours: int = Field(24, ge=1, description="How long the check `records_lost` fails after a loss.")
    reconcile_minutes: int = Field(
        60, ge=1, description="Settled minutes that are compared with events_clean."
    )


class AlertSettings(_Group):
    """Where alerts go."""

    webhook_url: SecretStr | None = Field(
        None,
        description="URL that receives each alert as Slack-compatible JSON; without it alerts are only recorded.",
    )
    timeout_s: float = Field(5.0, gt=0, description="How long one delivery may take.")
    attempts: int = Field(20, ge=1, description="Maximum delivery attempts, with increasing delays.")


class RetentionSettings(_Group):
    """What the job `retention` deletes."""

    events_days: int = Field(30, ge=1, description="Events and rejected records; their KPIs are kept.")
    ledger_days: int = Field(7, ge=1, description="Rows of the ledger and closed alerts.")
    event_log_days: int = Field(7, ge=1, description="Dagster's own event log and compute logs.")
    rows_per_batch: int = Field(10_000, ge=1, description="Rows deleted in one transaction.")


class ApiSettings(_Group):
    """The API, which also serves the dashboard."""

    host: str = Field("127.0.0.1", description="Address it listens on; loopback unless there are tokens.")
    port: Port = Field(8000, description="Port of the dashboard and the API.")
    auth: Literal["off", "required"] = Field(
        "off", description="Whether a bearer token (JWT) is required; always in production and off loopback."
    )
    jwt_issuer: str = Field("orderpulse", description="Claim `iss` that a token must have.")
    jwt_audience: str = Field("orderpulse-api", description="Claim `aud` that a token must have.")
    jwt_jwks_file: Path | None = Field(None, description="Public keys as a JWK Set, for RS256 and EdDSA.")
    jwt_public_key_file: Path | None = Field(None, description="One public key in PEM, instead of a set.")
    jwt_secret: SecretStr | None = Field(
        None, description="Secret of at least 32 bytes for HS256, instead of a public key."
    )
    metrics_token: SecretStr | None = Field(
        None, description="A monitor's bearer token, valid only for `/metrics`."
    )
    cors_origins: str = Field("", description="Comma-separated origins of other sites that may use it.")
    pool_size: int = Field(8, ge=1, description="Connections to the database.")
    pool_wait_s: float = Field(2.0, gt=0, description="How long a request waits for one before a 503.")
    statement_timeout_ms: int = Field(5_000, ge=1, description="Maximum duration of a request's statement.")
    replica_host: str | None = Field(None, description="Read replica for the API's reads.")
    replica_port: Port = Field(5432, description="Port of that replica.")
    share_ms: int = Field(
        200, ge=0, description="How long a response with KPIs or series is reused for the same request."
    )
    max_streams: int = Field(2_000, ge=1, description="Concurrent live streams; one more gets a 503.")


class IntakeSettings(_Group):
    """Intake, which takes events and webhooks over HTTP and writes them to Kafka."""

    host: str = Field("127.0.0.1", description="Address it listens on; it verifies every sender.")
    port: Port = Field(8090, description="Port for events and webhooks.")
    sources_dir: Path | None = Field(
        None, description="Folder of a shop's own sources; default: `sources` below the data folder."
    )
    secrets_dir: Path | None = Field(
        None, description="Folder of senders' keys and secrets; default: `secrets` below the data folder."
    )
    public_url: str | None = Field(
        None, description="Where senders reach it; default: the port above on this machine."
    )
    internal_key: SecretStr | None = Field(
        None,
        description="Key with which the API asks intake for the page Sources; `orderpulse` creates one.",
    )
    max_body_bytes: int = Field(4 * 1024 * 1024, ge=1024, description="Longest body, once decompressed.")
    max_batch_events: int = Field(1_000, ge=1, description="Most events in one request.")
    requests_per_s: float = Field(
        1_000.0, gt=0, description="Requests a second that each sender may make; twice as many at once."
    )
    ack_timeout_s: float = Field(
        5.0, gt=0, description="How long a request waits for Kafka's acknowledgement before a 503."
    )


class Settings(BaseSettings):
    """All settings, by group."""

    model_config = SettingsConfigDict(
        env_prefix="ORDERPULSE_",
        env_nested_delimiter="__",
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
        description="Folder of files with one setting each (`orderpulse_postgres__password`).",
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field("info", description="Minimum log level.")
    kafka: KafkaSettings = KafkaSettings()
    postgres: PostgresSettings = PostgresSettings()
    shop: ShopSettings = ShopSettings()
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
    intake: IntakeSettings = IntakeSettings()

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],  # pydantic's own signature
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003  # `EnvFile` replaces it
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """The sources of settings in order of precedence: the environment, `.env`, secret files."""
        default_root = cls.model_fields["root"].default
        env_file = EnvFile(settings_cls, Path(init_settings().get("root", default_root)) / ".env")
        sources = (init_settings, env_settings, env_file)
        given = env_file() | env_settings() | init_settings()
        if not given.get("secrets_dir"):
            return sources
        root = Path(given.get("root", default_root))
        return (*sources, SecretFiles(file_secret_settings, root / given["secrets_dir"]))

    @property
    def data_dir(self) -> Path:
        """Absolute folder of everything the local platform writes."""
        return self.root / self.stack.data_dir

    @property
    def cache_dir(self) -> Path:
        """Absolute folder of downloads that `make clean` keeps."""
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
    def sources_dir(self) -> Path:
        """Absolute folder of a shop's own sources of events."""
        return self.root / (self.intake.sources_dir or self.data_dir / "sources")

    @property
    def senders_secrets_dir(self) -> Path:
        """Absolute folder of what senders are verified with."""
        return self.root / (self.intake.secrets_dir or self.data_dir / "secrets")

    @property
    def log_dir(self) -> Path:
        """Absolute folder of the processes' logs."""
        return self.data_dir / "logs"


def load_settings(*, uses: Collection[Use] = SERVERS, **overrides: object) -> Settings:
    """The settings, checked against the rules of production if that is the environment.

    `uses`: what the process uses; production requires only the settings for that.
    `overrides` replace whole groups or fields and are for tests. Raises `SettingsError` that lists every
    invalid setting.
    """
    settings = read_settings(**overrides)
    if settings.environment is Environment.PRODUCTION:
        refuse(settings, uses)
    return settings


def read_settings(**overrides: object) -> Settings:
    """The settings without the rules of production, for inspection. Raises like `load_settings`."""
    try:
        return Settings(**overrides)  # type: ignore[arg-type]  # the groups are validated there
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
