{{ kpi_totals('kpi_1m_by_currency', '15 minutes') }}
