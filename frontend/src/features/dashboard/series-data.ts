/** The series as columns to draw. Pure. */
import type { PlotData } from "@/components/ui/plot";
import { COUNT_NAMES, type KpiName } from "@/lib/kpis";
import type { TimeSeries } from "@/lib/types";

import { closedCount, columnOf } from "./figures";
import type { SeriesMetric } from "./use-view";

type Column = (number | null)[];

/** The KPIs of each metric. */
export const METRICS: Readonly<Record<SeriesMetric, readonly KpiName[]>> = {
  revenue: ["revenue"],
  orders: ["orders_created"],
  payments: ["payment_success", "payment_failed", "orders_cancelled"],
  success_rate: ["success_rate"],
};

/** The columns of a metric. */
export function columnsOf(
  series: TimeSeries,
  metric: SeriesMetric,
  currency: string,
): readonly (readonly (number | null)[])[] {
  return METRICS[metric].map((name) => columnOf(series, name, currency));
}

/**
 * uPlot's data: the middles of the windows in seconds, then for each column the closed windows and
 * the open ones separately, and finally a column that is 1 if a window is open.
 * `joined`: the open part begins at the last closed point, as a line requires.
 */
export function plotData(series: TimeSeries, metric: SeriesMetric, currency: string, joined: boolean): PlotData {
  const closed = closedCount(series);
  const half = series.step_s / 2;
  const columns = columnsOf(series, metric, currency).flatMap((column): Column[] => [
    column.map((value, index) => (index < closed ? value : null)),
    column.map((value, index) =>
      index >= closed || (joined && index === closed - 1 && closed < column.length) ? value : null,
    ),
  ]);
  const running = series.starts.map((_, index) => (index >= closed ? 1 : null));
  return [series.starts.map((start) => start + half), ...columns, running];
}

/** Whether anything happened in the range. */
export function isEmpty(series: TimeSeries): boolean {
  return Object.values(series.currencies).every((columns) =>
    COUNT_NAMES.every((name) => columns[name].every((count) => Number(count) === 0)),
  );
}
