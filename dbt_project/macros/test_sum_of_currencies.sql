{#-
    Generic test (invariant I2 between two tables): a window's row is the sum of its rows by currency. Both are
    written in one transaction, so this holds at every instant.

    The table by currency is named here and not passed as a source: Dagster shows a test of two sources as nobody's.
-#}
{% test sum_of_currencies(model) %}
with summed as (
    select
        window_start,
        sum(revenue) as revenue,
        sum(orders_created) as orders_created,
        sum(payment_success) as payment_success,
        sum(payment_failed) as payment_failed
    from {{ model.incorporate(path={'identifier': model.identifier ~ '_by_currency'}) }}
    group by window_start
)

select
    kpi.window_start as window_in_kpi_1m,
    summed.window_start as window_by_currency
from {{ model }} as kpi
full join summed on kpi.window_start = summed.window_start
where
    (kpi.revenue, kpi.orders_created, kpi.payment_success, kpi.payment_failed)
    is distinct from
    (summed.revenue, summed.orders_created, summed.payment_success, summed.payment_failed)
{% endtest %}
