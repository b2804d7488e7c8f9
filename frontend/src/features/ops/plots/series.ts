/** The batches of the last hour as uPlot's columns on one time axis. */
import type { BatchPoint } from "@/lib/types";

export const QUERIES = ["events_clean", "kpi_1m"] as const;
export type QueryName = (typeof QUERIES)[number];

export const STEP_S = 10;
const SPAN_S = 3_600;

/** Null if nothing was measured: a gap in the line, not a zero. */
export type Column = readonly (number | null)[];

export interface BatchSeries {
  /** Start of each ten seconds, seconds since 1970 UTC; without a gap. */
  readonly at: readonly number[];
  readonly lagS: Readonly<Record<QueryName, Column>>;
  readonly batchMs: Readonly<Record<QueryName, Column>>;
  readonly records: Readonly<Record<QueryName, Column>>;
}

const floor = (seconds: number) => Math.floor(seconds / STEP_S) * STEP_S;

export function toSeries(points: readonly BatchPoint[], asOf: string): BatchSeries {
  // The current ten seconds would look like a drop.
  const last = floor(Date.parse(asOf) / 1_000) - STEP_S;
  const first = floor(last - SPAN_S) + STEP_S;
  const at = Array.from({ length: (last - first) / STEP_S + 1 }, (_, index) => first + index * STEP_S);
  const place = (point: BatchPoint) => (floor(Date.parse(point.at) / 1_000) - first) / STEP_S;
  const column = (query: QueryName, read: (point: BatchPoint) => number | null): Column => {
    const values = new Array<number | null>(at.length).fill(null);
    for (const point of points) {
      const index = place(point);
      if (point.query === query && index >= 0 && index < at.length) values[index] = read(point);
    }
    return values;
  };
  const both = (read: (point: BatchPoint) => number | null) => ({
    events_clean: column("events_clean", read),
    kpi_1m: column("kpi_1m", read),
  });
  return {
    at,
    lagS: both((point) => point.lag_s),
    batchMs: both((point) => point.batch_ms),
    records: both((point) => point.records),
  };
}

/** A peak this many times above nearly all other values would flatten the rest. */
const PEAK = 3;
const NEARLY_ALL = 0.98;

/** Upper end of the value axis: above the largest value, or above the rest if there are extreme
 * peaks; the largest value is shown next to the chart.
 */
export function ceilingOf(...columns: readonly Column[]): { readonly top: number; readonly cut: boolean } {
  const known = columns
    .flat()
    .filter((value) => value !== null)
    .sort((a, b) => a - b);
  const largest = known.at(-1) ?? 0;
  const usual = known[Math.floor((known.length - 1) * NEARLY_ALL)] ?? 0;
  const cut = usual > 0 && largest > PEAK * usual;
  return { top: (cut ? usual * 1.5 : largest * 1.1) || 1, cut };
}

export interface Summary {
  /** The newest measured value. */
  readonly last: number;
  readonly largest: number;
}

/** A column's newest and largest value; null if it is empty. */
export function summaryOf(column: Column): Summary | null {
  const known = column.filter((value) => value !== null);
  const last = known.at(-1);
  if (last === undefined) return null;
  return { last, largest: known.reduce((most, value) => Math.max(most, value), last) };
}
