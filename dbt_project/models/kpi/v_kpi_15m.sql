{{ kpi_totals('15 minutes', evaluated_at()) }}
