{{ kpi_totals_by_currency('15 minutes', evaluated_at()) }}
