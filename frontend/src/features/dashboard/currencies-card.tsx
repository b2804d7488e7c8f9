import { memo, useMemo } from "react";
import { useTranslation } from "react-i18next";

import { TitledCard } from "@/components/ui/card";
import { Skeleton } from "@/components/ui/skeleton";
import type { CurrencyKpi, KpiReport, TimeSeries } from "@/lib/types";
import { useFormat } from "@/lib/locale/use-format";

import { ChangeChip } from "./change-chip";
import { sparkOf } from "./figures";
import { Sparkline } from "./sparkline";
import { useFigures } from "./use-figure";

interface LineProps {
  readonly kpi: CurrencyKpi;
  readonly report: KpiReport;
  readonly series: TimeSeries | undefined;
}

const Line = memo(function Line({ kpi, report, series }: LineProps) {
  const { t, i18n } = useTranslation("dashboard");
  const format = useFormat();
  const figures = useFigures();
  const { currency } = kpi;
  const points = useMemo(() => (series ? sparkOf("revenue", series, currency) : []), [series, currency]);
  const revenue = figures("revenue", report, currency);
  const name = useMemo(
    () => new Intl.DisplayNames(i18n.language, { type: "currency" }).of(currency),
    [i18n.language, currency],
  );
  const rest = [
    { key: "orders", value: format.count(kpi.orders_created) },
    { key: "average", value: format.moneyAverage(kpi.average_order_value, currency) },
    { key: "rate", value: format.percent(kpi.success_rate) },
  ] as const;
  return (
    <li data-currency={currency} className="py-3.5 first:pt-0 last:pb-0">
      <div className="flex items-baseline gap-2">
        <h3 className="text-[0.8125rem] font-semibold">{currency}</h3>
        <span className="truncate text-xs text-ink-3">{name}</span>
      </div>
      <div className="mt-1 flex items-center gap-4">
        <div className="min-w-0">
          <div className="text-lg leading-7 font-semibold tracking-tight whitespace-nowrap">{revenue.text}</div>
          <ChangeChip view={revenue} className="h-5" />
        </div>
        <Sparkline points={points} className="h-9 min-w-0 flex-1 text-accent" />
      </div>
      <dl className="mt-2 grid grid-cols-3 gap-3">
        {rest.map(({ key, value }) => (
          <div key={key}>
            <dt className="text-[0.6875rem] text-ink-3">{t(`currencies.${key}`)}</dt>
            <dd className="text-[0.8125rem] whitespace-nowrap">{value}</dd>
          </div>
        ))}
      </dl>
    </li>
  );
});

/** Each currency separately: money of different currencies is never summed. */
export function CurrenciesCard({
  report,
  series,
}: {
  readonly report: KpiReport | undefined;
  readonly series: TimeSeries | undefined;
}) {
  const { t } = useTranslation("dashboard");
  return (
    <TitledCard title={t("currencies.title")} note={t("currencies.revenue")}>
      {report ? (
        <ul className="divide-y divide-line">
          {report.current.currencies.map((kpi) => (
            <Line key={kpi.currency} kpi={kpi} report={report} series={series} />
          ))}
        </ul>
      ) : (
        <div className="space-y-4 pt-1">
          <Skeleton className="h-28 w-full" />
          <Skeleton className="h-28 w-full" />
        </div>
      )}
    </TitledCard>
  );
}
