{#- Generic test: the column looks like ISO 4217. Which codes are allowed is core/events.py's to say. -#}
{% test currency_code(model, column_name) %}
select {{ column_name }} from {{ model }} where {{ column_name }} !~ '^[A-Z]{3}$'
{% endtest %}
