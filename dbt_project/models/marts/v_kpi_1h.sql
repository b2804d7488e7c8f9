{{ kpi_totals('kpi_1m', '1 hour') }}
