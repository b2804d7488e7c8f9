"""The limits by which the platform's state is judged, each written once, with its reason.

Those that people may want to change are settings: `ORDERPULSE_CHECKS__*` and `ORDERPULSE_DAGSTER__HANG_S` in
`core.settings`. How a failed process is restarted: `control.restarts`; when too many records are rejected:
`control.rejects`.
"""

QUIET_S = 5.0
"""A heartbeat comes every second. A process that misses five is reported as silent; after `hang_s` it is restarted."""

START_S = 180.0
"""How long a program may take until it answers or sends its first heartbeat: Spark and Dagster on an overloaded machine
whose servers start slowly."""

FIRST_HEARTBEAT_S = {"generator": 90.0, "spark_stream": START_S}
"""The same for each service. One that takes longer is hung."""

FIRST_OUTPUT_S = 120.0
"""How long after its start a service may have produced nothing: a first batch on an overloaded machine."""

CATCH_UP_S = 600.0
"""How long after the stream's start a backlog is expected: it reads what came while it was stopped."""

HEALING_S = 900.0
"""The stream brings dropped records back once their minutes are settled, six minutes later; this leaves it time."""

RUNNER_SILENT_S = 10.0
"""A runner reports twice a second; an older report says nothing about the present."""

RUN_LOST_S = 20.0
"""An attached run reports every two seconds that it watches; after so long it is lost."""

SEEN_STILL_S = 5.0
"""An old date proves something only if the sensor itself has seen it unchanged for this long: the database may have
been down."""

KAFKA_SEEN_S = 10.0
"""An exchange of records with the brokers that is older than this proves nothing about their present state."""

SLOW_ANSWER_MS = 250.0
"""A database that takes longer for a few rows by their indexes is busy."""

REPLICA_LAG_S = 10.0
"""A replica that is further behind shows outdated numbers."""
