{#- Generic test: the column looks like ISO 4217. `ORDERPULSE_SHOP__CURRENCIES` lists the accepted codes. -#}
{% test currency_code(model, column_name) %}
select {{ column_name }} from {{ model }} where {{ column_name }} !~ '^[A-Z]{3}$'
{% endtest %}
