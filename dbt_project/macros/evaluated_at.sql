{#- The end of the views' spans. Unit tests override this macro with a fixed time. -#}
{% macro evaluated_at() -%} now() {%- endmacro %}
