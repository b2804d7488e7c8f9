{{ kpi_totals('1 hour', evaluated_at()) }}
