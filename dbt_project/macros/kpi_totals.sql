{#- Totals of the windows of a table that start at or after `evaluated_at` minus `span`: exactly one row for
    `kpi_1m`, one per currency with a window in the span for `kpi_1m_by_currency`. -#}
{% macro kpi_totals(relation, span) -%}
with windows as (
    select * from {{ ref('stg_' ~ relation) }}
    where window_start >= {{ evaluated_at() }} - interval '{{ span }}'
),

totals as (
    select
        {{ measure_sums(relation) }},
        count(*) as window_count,
        min(window_start) as first_window,
        max(window_start) as last_window
    from windows
    group by {{ grain(relation) }}
)

select
    {{ measure_totals(relation) }},
    {{ rate_columns(relation) }},
    window_count,
    first_window,
    last_window
from totals
{%- endmacro %}
