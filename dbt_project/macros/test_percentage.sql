{#- Generic test: the column is null or from 0 to 100. -#}
{% test percentage(model, column_name) %}
select {{ column_name }} from {{ model }} where not {{ column_name }} between 0 and 100
{% endtest %}
