/** The batches of the last hour as columns on one time axis, as uPlot wants them. */
import type { BatchPoint } from "@/lib/types";

export const QUERIES = ["events_clean", "kpi_1m"] as const;
export type QueryName = (typeof QUERIES)[number];

export const STEP_S = 10;
const SPAN_S = 3_600;

/** Null where nothing was measured: a gap in the line, not a zero. */
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
  const last = floor(Date.parse(asOf) / 1_000);
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

export interface Summary {
  /** The newest that was measured. */
  readonly last: number;
  readonly largest: number;
}

/** In two figures what a column shows; null where it is empty. */
export function summaryOf(column: Column): Summary | null {
  const known = column.filter((value) => value !== null);
  const last = known.at(-1);
  if (last === undefined) return null;
  return { last, largest: known.reduce((most, value) => Math.max(most, value), last) };
}
