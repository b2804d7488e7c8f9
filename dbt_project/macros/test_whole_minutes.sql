{#- Generic test of a table of windows: each starts on a full minute and ends one minute later. -#}
{% test whole_minutes(model) %}
select
    window_start,
    window_end
from {{ model }}
where window_start != date_trunc('minute', window_start) or window_end != window_start + interval '1 minute'
{% endtest %}
