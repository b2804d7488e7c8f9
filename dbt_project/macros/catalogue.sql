{#- Generated from core/kpis.py by `python -m core.schemas`; edit that instead. -#}
{#- The measures of a table. -#}
{% macro measure_columns(relation) -%}
    {%- if relation == 'kpi_1m' -%}
    revenue,
    orders_created,
    payment_success,
    payment_failed
    {%- else -%}
    revenue,
    orders_created,
    payments_initiated,
    payment_success,
    payment_failed,
    orders_cancelled,
    order_value,
    payments_refunded,
    refunded
    {%- endif -%}
{%- endmacro %}

{#- Their sums, and the grouping columns. -#}
{% macro measure_sums(relation) -%}
    {%- if relation == 'kpi_1m' -%}
    coalesce(sum(revenue), 0.00) as total_revenue,
    coalesce(sum(orders_created), 0) as total_orders,
    coalesce(sum(payment_success), 0) as total_payment_success,
    coalesce(sum(payment_failed), 0) as total_payment_failed
    {%- else -%}
    currency,
    coalesce(sum(revenue), 0.00) as total_revenue,
    coalesce(sum(orders_created), 0) as total_orders,
    coalesce(sum(payments_initiated), 0) as total_payments_initiated,
    coalesce(sum(payment_success), 0) as total_payment_success,
    coalesce(sum(payment_failed), 0) as total_payment_failed,
    coalesce(sum(orders_cancelled), 0) as total_orders_cancelled,
    coalesce(sum(order_value), 0.00) as total_order_value,
    coalesce(sum(payments_refunded), 0) as total_payments_refunded,
    coalesce(sum(refunded), 0.00) as total_refunded
    {%- endif -%}
{%- endmacro %}

{#- The names of these columns. -#}
{% macro measure_totals(relation) -%}
    {%- if relation == 'kpi_1m' -%}
    total_revenue,
    total_orders,
    total_payment_success,
    total_payment_failed
    {%- else -%}
    currency,
    total_revenue,
    total_orders,
    total_payments_initiated,
    total_payment_success,
    total_payment_failed,
    total_orders_cancelled,
    total_order_value,
    total_payments_refunded,
    total_refunded
    {%- endif -%}
{%- endmacro %}

{#- The rates of the sums; a mean of the windows' rates would weight a quiet minute like a busy one. -#}
{% macro rate_columns(relation) -%}
    {%- if relation == 'kpi_1m' -%}
    round(100.0 * total_payment_success / nullif(total_payment_success + total_payment_failed, 0), 2) as success_rate
    {%- else -%}
    round(100.0 * total_payment_success / nullif(total_payment_success + total_payment_failed, 0), 2) as success_rate,
    round(100.0 * total_payments_initiated / nullif(total_orders, 0), 2) as created_to_initiated_rate,
    round(100.0 * total_payment_success / nullif(total_payments_initiated, 0), 2) as initiated_to_paid_rate,
    round(100.0 * total_payment_success / nullif(total_orders, 0), 2) as created_to_paid_rate,
    round(total_order_value / nullif(total_orders, 0), 2) as average_order_value,
    total_revenue - total_refunded as net_revenue
    {%- endif -%}
{%- endmacro %}

{#- The key of a row of totals. -#}
{% macro grain(relation) -%}
    {%- if relation == 'kpi_1m' -%}
    ()
    {%- else -%}
    currency
    {%- endif -%}
{%- endmacro %}
