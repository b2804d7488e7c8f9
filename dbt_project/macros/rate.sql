{#- `part` as a percentage of `whole`, two decimals; null when `whole` is zero. -#}
{% macro rate(part, whole) -%}
    round(100.0 * {{ part }} / nullif({{ whole }}, 0), 2)
{%- endmacro %}
