{{ kpi_totals('24 hours', evaluated_at()) }}
