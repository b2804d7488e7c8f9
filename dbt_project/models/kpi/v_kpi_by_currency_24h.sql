{{ kpi_totals_by_currency('24 hours', evaluated_at()) }}
