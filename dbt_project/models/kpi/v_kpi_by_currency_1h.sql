{{ kpi_totals_by_currency('1 hour', evaluated_at()) }}
