import { useTranslation } from "react-i18next";

import { Badge } from "@/components/ui/badge";
import { cn } from "@/lib/cn";
import { useFormat } from "@/lib/use-format";

import type { WindowRow } from "./series-data";
import type { SeriesMetric } from "./use-view";

interface SeriesLegendProps {
  /** The window under the crosshair, else the newest closed one. */
  readonly row: WindowRow | null;
  readonly currency: string;
  readonly metric: SeriesMetric;
}

/** Everything about one window in a line that keeps its place. */
export function SeriesLegend({ row, currency, metric }: SeriesLegendProps) {
  const { t } = useTranslation("dashboard");
  const format = useFormat();
  const items = row && [
    { key: "revenue", label: `${t("series.metrics.revenue")} (${currency})`, value: format.money(row.revenue, currency), strong: metric === "revenue", dot: "bg-accent" },
    { key: "orders", label: t("series.metrics.orders"), value: format.count(row.orders), strong: metric === "orders", dot: "bg-accent" },
    { key: "paid", label: t("series.paid"), value: format.count(row.paid), strong: metric === "payments", dot: "bg-good-fill" },
    { key: "failed", label: t("series.failed"), value: format.count(row.failed), strong: metric === "payments", dot: "bg-bad-fill" },
    { key: "cancelled", label: t("series.cancelled"), value: format.count(row.cancelled), strong: metric === "payments", dot: "bg-warn-fill" },
    { key: "rate", label: t("series.metrics.success_rate"), value: format.percent(row.rate), strong: metric === "success_rate", dot: "bg-accent" },
  ];
  return (
    <div data-testid="series-legend" className="grid min-h-11 grid-cols-3 items-end gap-x-4 gap-y-1.5 sm:flex sm:flex-wrap sm:gap-x-5">
      <div className="min-w-24">
        <div className="h-5 text-[0.6875rem] text-ink-3">{row?.open ? <Badge tone="accent">{t("series.open")}</Badge> : t("series.time")}</div>
        <div className="text-[0.8125rem] font-semibold">{row ? `${format.minute(row.start * 1_000)}–${format.minute(row.end * 1_000)}` : "–"}</div>
      </div>
      {items?.map(({ key, label, value, strong, dot }) => (
        <div key={key} className="min-w-16">
          <div className="flex h-5 items-center gap-1.5 text-[0.6875rem] whitespace-nowrap text-ink-3">
            {strong && <span aria-hidden className={cn("size-1.5 rounded-full", dot)} />}
            {label}
          </div>
          <div className={cn("text-[0.8125rem] whitespace-nowrap", strong ? "font-semibold" : "text-ink-2")}>{value}</div>
        </div>
      ))}
    </div>
  );
}
