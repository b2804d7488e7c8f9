{#-
    Generic test (invariant I2 between two tables): a window's row is the sum of its rows by currency. Both are
    written in one transaction, so this is true at all times.

    The table by currency is named here and not passed as a source: Dagster assigns a test of two sources to no asset.
-#}
{% test sum_of_currencies(model) %}
with kept as (
    select
        window_start,
        {{ measure_columns('kpi_1m') }}
    from {{ model }}
),

summed as (
    select
        window_start,
        {{ measure_sums('kpi_1m') }}
    from {{ model.incorporate(path={'identifier': model.identifier ~ '_by_currency'}) }}
    group by window_start
),

surplus as (
    select * from kept
    except
    select * from summed
),

missing as (
    select * from summed
    except
    select * from kept
)

select window_start from surplus
union
select window_start from missing
{% endtest %}
