{#- Totals and funnel of the windows of `kpi_1m_by_currency` that start at or after `evaluated_at` minus
    `span`: one row per currency that has a window there. -#}
{% macro kpi_totals_by_currency(span, evaluated_at) -%}
with windows as (
    select
        window_start,
        currency,
        revenue,
        orders_created,
        payments_initiated,
        payment_success,
        payment_failed,
        orders_cancelled,
        order_value
    from {{ source('realtime', 'kpi_1m_by_currency') }}
    where window_start >= {{ evaluated_at }} - interval '{{ span }}'
),

totals as (
    select
        currency,
        sum(revenue) as total_revenue,
        sum(orders_created) as total_orders,
        sum(payments_initiated) as total_payments_initiated,
        sum(payment_success) as total_payment_success,
        sum(payment_failed) as total_payment_failed,
        sum(orders_cancelled) as total_orders_cancelled,
        sum(order_value) as total_order_value,
        count(*) as window_count,
        min(window_start) as first_window,
        max(window_start) as last_window
    from windows
    group by currency
)

select
    currency,
    total_revenue,
    total_orders,
    total_payments_initiated,
    total_payment_success,
    total_payment_failed,
    total_orders_cancelled,
    total_order_value,
    round(total_order_value / nullif(total_orders, 0), 2) as average_order_value,
    {{ rate('total_payment_success', '(total_payment_success + total_payment_failed)') }} as success_rate,
    {{ rate('total_payments_initiated', 'total_orders') }} as created_to_initiated_rate,
    {{ rate('total_payment_success', 'total_payments_initiated') }} as initiated_to_paid_rate,
    {{ rate('total_payment_success', 'total_orders') }} as created_to_paid_rate,
    window_count,
    first_window,
    last_window
from totals
{%- endmacro %}
