/** The dashboard's figures, read from a report and from the series. Pure. */
import { divisorsOf, isMeasure, isOfMoney, type KpiName, kpiOf, KPIS, noSums, partsOf } from "@/lib/kpis";
import type { Kpi, KpiComparison, TimeSeries } from "@/lib/types";

/** The value of a figure, with money in `currency` as an exact decimal string. */
export function readFigure(figure: KpiName, of: KpiComparison, currency: string): string | number | null {
  if (!isOfMoney(figure)) return of.totals[figure as keyof Kpi];
  return of.currencies.find((each) => each.currency === currency)?.[figure] ?? null;
}

/** What a percentage or an average is divided by, of the events that it counts; null of other figures. */
export function divisorOf(figure: KpiName, of: KpiComparison, currency: string): number | null {
  const divisors = divisorsOf(figure);
  const kpis = isOfMoney(figure) ? of.currencies.find((each) => each.currency === currency) : of.totals;
  if (divisors.length === 0 || kpis === undefined) return null;
  return divisors.reduce((sum, name) => sum + Number(kpis[name as keyof Kpi]), 0);
}

export const asNumber = (value: string | number | null): number | null => (value === null ? null : Number(value));

/** A figure over the windows from `from` up to `to` (exclusive): money in `currency`, else over all currencies. */
export function valueOver(
  series: TimeSeries,
  figure: KpiName,
  currency: string,
  from: number,
  to: number,
): number | null {
  const own = series.currencies[currency];
  const columns = isOfMoney(figure) ? (own ? [own] : []) : Object.values(series.currencies);
  const sums = noSums();
  for (const part of new Set(partsOf(figure))) {
    for (const column of columns)
      for (let index = from; index < to; index += 1) sums[part] += Number(column[part][index] ?? 0);
  }
  return kpiOf(figure, sums);
}

/** The figure of one window. Money columns keep the API's decimal string. */
export function valueAt(series: TimeSeries, figure: KpiName, currency: string, index: number): string | number | null {
  const written = isMeasure(figure) && isOfMoney(figure) ? series.currencies[currency]?.[figure][index] : undefined;
  if (written !== undefined) return written;
  const value = valueOver(series, figure, currency, index, index + 1);
  return value !== null && KPIS[figure].unit === "money" ? value.toFixed(2) : value;
}

/** A figure per window, as numbers for drawing. */
export function columnOf(series: TimeSeries, figure: KpiName, currency: string): (number | null)[] {
  return series.starts.map((_, index) => valueOver(series, figure, currency, index, index + 1));
}

/** Number of leading closed windows; later ones may still change. */
export function closedCount(series: TimeSeries): number {
  if (series.open_from === null) return series.starts.length;
  const index = series.starts.indexOf(series.open_from);
  return index === -1 ? series.starts.length : index;
}

const SPARK_POINTS = 48;

/** At most `SPARK_POINTS` values of a figure over the closed windows, oldest first. */
export function sparkOf(figure: KpiName, series: TimeSeries, currency: string): (number | null)[] {
  const closed = closedCount(series);
  const width = Math.max(1, Math.ceil(closed / SPARK_POINTS));
  const points: (number | null)[] = [];
  // Counted backwards from the newest closed window, so that each point covers the same number of windows.
  for (let to = closed; to - width >= 0 && points.length < SPARK_POINTS; to -= width)
    points.unshift(valueOver(series, figure, currency, to - width, to));
  return points;
}
