{{ kpi_totals('kpi_1m', '15 minutes') }}
