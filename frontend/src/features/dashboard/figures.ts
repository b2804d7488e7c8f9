/** The six figures of the dashboard: what each reads from a report and from the series. Pure. */
import type { CurrencyKpi, CurrencySeries, KpiComparison, TimeSeries } from "@/lib/types";

import type { Unit } from "./change";

export const FIGURES = ["revenue", "orders", "average", "success_rate", "failed", "cancelled"] as const;
export type Figure = (typeof FIGURES)[number];

interface Spec {
  readonly unit: Unit;
  readonly good: "up" | "down";
  /** A decimal string for money, so that no cent is lost; null where there is nothing to divide by. */
  readonly read: (of: KpiComparison, money: CurrencyKpi | undefined) => string | number | null;
}

export const SPEC: Record<Figure, Spec> = {
  revenue: { unit: "money", good: "up", read: (_of, money) => money?.revenue ?? null },
  orders: { unit: "count", good: "up", read: (of) => of.totals.orders_created },
  average: { unit: "money", good: "up", read: (_of, money) => money?.average_order_value ?? null },
  success_rate: { unit: "rate", good: "up", read: (of) => of.totals.success_rate },
  failed: { unit: "count", good: "down", read: (of) => of.totals.payment_failed },
  cancelled: { unit: "count", good: "down", read: (of) => of.totals.orders_cancelled },
};

/** The value of a figure, with money in `currency`. */
export function readFigure(figure: Figure, of: KpiComparison, currency: string): string | number | null {
  return SPEC[figure].read(
    of,
    of.currencies.find((each) => each.currency === currency),
  );
}

export const asNumber = (value: string | number | null): number | null => (value === null ? null : Number(value));

type CountColumn = "orders_created" | "payment_success" | "payment_failed" | "orders_cancelled";

/** A column of counts added up over all currencies. */
export function totalOf(series: TimeSeries, column: CountColumn): number[] {
  const sums = new Array<number>(series.starts.length).fill(0);
  for (const columns of Object.values(series.currencies)) {
    columns[column].forEach((count, index) => {
      sums[index] = (sums[index] ?? 0) + count;
    });
  }
  return sums;
}

/** The column of money of one currency, as numbers: for drawing, not for adding up. */
export function moneyOf(series: TimeSeries, column: "revenue" | "order_value", currency: string): number[] {
  const columns: CurrencySeries | undefined = series.currencies[currency];
  return columns ? columns[column].map(Number) : new Array<number>(series.starts.length).fill(0);
}

/** How many leading windows are closed: those after it may still change. */
export function closedCount(series: TimeSeries): number {
  if (series.open_from === null) return series.starts.length;
  const index = series.starts.indexOf(series.open_from);
  return index === -1 ? series.starts.length : index;
}

const SPARK_POINTS = 48;

/** At most `SPARK_POINTS` values of a figure over the closed windows, oldest first. */
export function sparkOf(figure: Figure, series: TimeSeries, currency: string): (number | null)[] {
  const closed = closedCount(series);
  const sum = (column: readonly number[], from: number, to: number) => {
    let total = 0;
    for (let index = from; index < to; index += 1) total += column[index] ?? 0;
    return total;
  };
  const ratio = (top: readonly number[], bottom: readonly number[]) => (from: number, to: number) => {
    const below = sum(bottom, from, to);
    return below === 0 ? null : sum(top, from, to) / below;
  };
  const value = ((): ((from: number, to: number) => number | null) => {
    const plain = (column: readonly number[]) => (from: number, to: number) => sum(column, from, to);
    switch (figure) {
      case "revenue":
        return plain(moneyOf(series, "revenue", currency));
      case "orders":
        return plain(totalOf(series, "orders_created"));
      case "failed":
        return plain(totalOf(series, "payment_failed"));
      case "cancelled":
        return plain(totalOf(series, "orders_cancelled"));
      case "average":
        return ratio(moneyOf(series, "order_value", currency), series.currencies[currency]?.orders_created ?? []);
      case "success_rate": {
        const paid = totalOf(series, "payment_success");
        const failed = totalOf(series, "payment_failed");
        return ratio(
          paid,
          paid.map((count, index) => count + (failed[index] ?? 0)),
        );
      }
    }
  })();
  const width = Math.max(1, Math.ceil(closed / SPARK_POINTS));
  const points: (number | null)[] = [];
  // Counted from the newest closed window back, so that each point holds as many windows.
  for (let to = closed; to - width >= 0 && points.length < SPARK_POINTS; to -= width) points.unshift(value(to - width, to));
  return points;
}
