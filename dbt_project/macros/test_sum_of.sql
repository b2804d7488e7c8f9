{#-
    Generic test (invariant I2 between two tables): a row is the sum of its rows in the table `finer`. Both are
    written in one transaction, so this is true at all times.

    That table is named here and not passed as a source: Dagster assigns a test of two sources to no asset.
-#}
{% test sum_of(model, finer) %}
{%- set table = model.identifier %}
{%- set key = 'window_start' if table == 'kpi_1m' else 'window_start, currency' %}
with kept as (
    select
        {{ key }},
        {{ measure_columns(table) }}
    from {{ model }}
),

summed as (
    select
        window_start,
        {{ measure_sums(table) }}
    from {{ model.incorporate(path={'identifier': finer}) }}
    group by {{ key }}
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
