select
    window_start,
    currency,
    {{ measure_columns('kpi_1m_by_currency') }}
from {{ source('realtime', 'kpi_1m_by_currency') }}
