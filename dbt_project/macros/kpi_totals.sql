{#- Totals of the windows of `kpi_1m` that start at or after `evaluated_at` minus `span`: exactly one row.
    The rate is taken from the totals; a mean of the windows' rates would weigh a quiet minute like a busy one. -#}
{% macro kpi_totals(span, evaluated_at) -%}
with windows as (
    select
        window_start,
        revenue,
        orders_created,
        payment_success,
        payment_failed
    from {{ source('realtime', 'kpi_1m') }}
    where window_start >= {{ evaluated_at }} - interval '{{ span }}'
),

totals as (
    select
        coalesce(sum(revenue), 0.00) as total_revenue,
        coalesce(sum(orders_created), 0) as total_orders,
        coalesce(sum(payment_success), 0) as total_payment_success,
        coalesce(sum(payment_failed), 0) as total_payment_failed,
        count(*) as window_count,
        min(window_start) as first_window,
        max(window_start) as last_window
    from windows
)

select
    total_revenue,
    total_orders,
    total_payment_success,
    total_payment_failed,
    {{ rate('total_payment_success', '(total_payment_success + total_payment_failed)') }} as success_rate,
    window_count,
    first_window,
    last_window
from totals
{%- endmacro %}
