-- A window starts on a full minute and ends one minute later, in both tables.
select
    window_start,
    window_end
from {{ source('realtime', 'kpi_1m') }}
where window_start != date_trunc('minute', window_start) or window_end != window_start + interval '1 minute'
union all
select
    window_start,
    window_end
from {{ source('realtime', 'kpi_1m_by_currency') }}
where window_start != date_trunc('minute', window_start) or window_end != window_start + interval '1 minute'
