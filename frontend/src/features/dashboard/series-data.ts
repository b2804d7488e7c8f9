/** The series as columns to draw and rows to read. Pure. */
import type { PlotData } from "@/components/ui/plot";
import type { TimeSeries } from "@/lib/types";

import { closedCount, moneyOf, totalOf } from "./figures";
import type { SeriesMetric } from "./use-view";

type Column = (number | null)[];

/** Percentage of `part` in `part + rest`, null where both are zero. */
const share = (part: number, rest: number) => (part + rest === 0 ? null : (100 * part) / (part + rest));

/** The columns of a metric: one, or three for payments (paid, failed, cancelled). */
export function columnsOf(series: TimeSeries, metric: SeriesMetric, currency: string): readonly (readonly (number | null)[])[] {
  switch (metric) {
    case "revenue":
      return [moneyOf(series, "revenue", currency)];
    case "orders":
      return [totalOf(series, "orders_created")];
    case "payments":
      return [totalOf(series, "payment_success"), totalOf(series, "payment_failed"), totalOf(series, "orders_cancelled")];
    case "success_rate": {
      const failed = totalOf(series, "payment_failed");
      return [totalOf(series, "payment_success").map((paid, index) => share(paid, failed[index] ?? 0))];
    }
  }
}

/**
 * What uPlot draws: the middles of the windows in seconds, then for each column the closed windows and
 * the running ones apart, and at the end a column that holds 1 where a window is running.
 * `joined`: the running part begins at the last closed point, as a line needs.
 */
export function plotData(series: TimeSeries, metric: SeriesMetric, currency: string, joined: boolean): PlotData {
  const closed = closedCount(series);
  const half = series.step_s / 2;
  const columns = columnsOf(series, metric, currency).flatMap((column): Column[] => [
    column.map((value, index) => (index < closed ? value : null)),
    column.map((value, index) => (index >= closed || (joined && index === closed - 1 && closed < column.length) ? value : null)),
  ]);
  const running = series.starts.map((_, index) => (index >= closed ? 1 : null));
  return [series.starts.map((start) => start + half), ...columns, running];
}

/** One window in numbers. */
export interface WindowRow {
  readonly start: number;
  readonly end: number;
  readonly open: boolean;
  /** Decimal string in the chosen currency. */
  readonly revenue: string;
  readonly orders: number;
  readonly paid: number;
  readonly failed: number;
  readonly cancelled: number;
  readonly rate: number | null;
}

export function rowAt(series: TimeSeries, index: number, currency: string): WindowRow | null {
  const start = series.starts[index];
  if (start === undefined) return null;
  const total = (column: "orders_created" | "payment_success" | "payment_failed" | "orders_cancelled") =>
    Object.values(series.currencies).reduce((sum, columns) => sum + (columns[column][index] ?? 0), 0);
  const paid = total("payment_success");
  const failed = total("payment_failed");
  return {
    start,
    end: start + series.step_s,
    open: index >= closedCount(series),
    revenue: series.currencies[currency]?.revenue[index] ?? "0.00",
    orders: total("orders_created"),
    paid,
    failed,
    cancelled: total("orders_cancelled"),
    rate: share(paid, failed),
  };
}

/** Whether anything at all happened in the range. */
export function isEmpty(series: TimeSeries): boolean {
  return Object.values(series.currencies).every((columns) =>
    [columns.orders_created, columns.payments_initiated, columns.payment_success, columns.payment_failed, columns.orders_cancelled].every((column) =>
      column.every((count) => count === 0),
    ),
  );
}
