{{ kpi_totals('kpi_1m', '24 hours') }}
