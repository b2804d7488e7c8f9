import { useTranslation } from "react-i18next";

import { Badge } from "@/components/ui/badge";
import { cn } from "@/lib/cn";
import { type KpiName, KPIS } from "@/lib/kpis";
import type { TimeSeries } from "@/lib/types";
import { useFormat } from "@/lib/locale/use-format";

import { closedCount, valueAt } from "./figures";
import { METRICS } from "./series-data";
import { useWritten } from "./use-figure";
import type { SeriesMetric } from "./use-view";

const DOTS: Partial<Record<KpiName, string>> = {
  payment_success: "bg-good-fill",
  payment_failed: "bg-bad-fill",
  orders_cancelled: "bg-warn-fill",
};
const ITEMS = Object.values(METRICS).flat();

interface SeriesLegendProps {
  readonly series: TimeSeries;
  /** The window under the crosshair, else the newest closed one. */
  readonly index: number;
  readonly currency: string;
  readonly metric: SeriesMetric;
}

/** All values of one window in a line with a fixed layout. */
export function SeriesLegend({ series, index, currency, metric }: SeriesLegendProps) {
  const { t } = useTranslation(["dashboard", "common"]);
  const format = useFormat();
  const write = useWritten();
  const start = series.starts[index];
  const items =
    start !== undefined &&
    ITEMS.map((name) => ({
      name,
      strong: METRICS[metric].includes(name),
      value: write(name, valueAt(series, name, currency, index), currency),
    }));
  return (
    <div
      data-testid="series-legend"
      className="grid min-h-11 grid-cols-2 items-end gap-x-3 gap-y-1.5 sm:flex sm:flex-wrap sm:gap-x-5"
    >
      <div className="min-w-24">
        <div className="h-5 text-[0.6875rem] text-ink-3">
          {start !== undefined && index >= closedCount(series) ? (
            <Badge tone="accent">{t("series.open")}</Badge>
          ) : (
            t("series.time")
          )}
        </div>
        <div className="text-[0.8125rem] font-semibold">
          {start === undefined
            ? "–"
            : `${format.minute(start * 1_000)}–${format.minute((start + series.step_s) * 1_000)}`}
        </div>
      </div>
      {items &&
        items.map(({ name, value, strong }) => (
          <div key={name} className="min-w-16">
            <div className="flex h-5 items-center gap-1.5 text-[0.6875rem] whitespace-nowrap text-ink-3">
              {strong && (
                <span aria-hidden className={cn("fill-meaning size-1.5 rounded-full", DOTS[name] ?? "bg-accent")} />
              )}
              {t(`kpi.${name}.title`, { ns: "common" })}
              {KPIS[name].unit === "money" && ` (${currency})`}
            </div>
            <div className={cn("text-[0.8125rem] whitespace-nowrap", strong ? "font-semibold" : "text-ink-2")}>
              {value}
            </div>
          </div>
        ))}
    </div>
  );
}
