select
    window_start,
    {{ measure_columns('kpi_1m') }}
from {{ source('realtime', 'kpi_1m') }}
