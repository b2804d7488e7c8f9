{#- The instant that a view looks back from. Unit tests override this macro with a fixed one. -#}
{% macro evaluated_at() -%} now() {%- endmacro %}
