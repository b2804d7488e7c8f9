-- Invariant I2 between the two tables: a window's row in kpi_1m is the sum of its rows by currency.
-- Both are written in one transaction, so this holds at every instant.
with summed as (
    select
        window_start,
        sum(revenue) as revenue,
        sum(orders_created) as orders_created,
        sum(payment_success) as payment_success,
        sum(payment_failed) as payment_failed
    from {{ source('realtime', 'kpi_1m_by_currency') }}
    group by window_start
)

select
    kpi.window_start as window_in_kpi_1m,
    summed.window_start as window_by_currency
from {{ source('realtime', 'kpi_1m') }} as kpi
full join summed on kpi.window_start = summed.window_start
where
    (kpi.revenue, kpi.orders_created, kpi.payment_success, kpi.payment_failed)
    is distinct from
    (summed.revenue, summed.orders_created, summed.payment_success, summed.payment_failed)
