/** Applies live messages to cached data: pure functions, and the cache keys. */
import type { BreakdownField, EventFilters, RangeQuery, RejectedFilters } from "./api";
import { byMeasure, KPIS, MEASURE_NAMES } from "./kpis";
import type {
  CurrencySeries,
  EventBatch,
  Freshness,
  Health,
  HealthSummary,
  KpiWindow,
  OrderEvent,
  TimeSeries,
  WindowBatch,
} from "./types";

export const keys = {
  about: ["about"] as const,
  kpi: (range: RangeQuery) => ["kpi", range] as const,
  breakdown: (range: RangeQuery, by: BreakdownField) => ["breakdown", range, by] as const,
  series: (range: RangeQuery) => ["series", range] as const,
  events: (filters: EventFilters) => ["events", filters] as const,
  event: (id: string) => ["event", id] as const,
  order: (orderId: string) => ["order", orderId] as const,
  rejected: (filters: RejectedFilters) => ["rejected", filters] as const,
  sources: ["sources"] as const,
  failedMessages: (source: string) => ["sources", source, "failed"] as const,
  run: (runId: string) => ["run", runId] as const,
  health: ["health"] as const,
  ticker: ["ticker"] as const,
};

/** The newest events that the stream showed, newest first. */
export interface Ticker {
  readonly items: readonly OrderEvent[];
  readonly sampled: boolean;
  /** Events of the last message: shown ones and their total. */
  readonly shown: number;
  readonly seen: number;
}

export const EMPTY_TICKER: Ticker = { items: [], sampled: false, shown: 0, seen: 0 };
const TICKER_LENGTH = 60;

export function patchTicker(before: Ticker, batch: EventBatch): Ticker {
  const known = new Set(before.items.map((event) => event.id));
  const fresh = batch.items.filter((event) => !known.has(event.id));
  if (fresh.length === 0 && before.sampled === batch.sampled) return before;
  return {
    items: [...fresh, ...before.items].slice(0, TICKER_LENGTH),
    sampled: batch.sampled,
    shown: batch.items.length,
    seen: batch.seen,
  };
}

/** The ticker merged with events that were read, each once, ordered by time. */
export function mergeTicker(before: Ticker, read: readonly OrderEvent[]): Ticker {
  const known = new Set(before.items.map((event) => event.id));
  const items = [...before.items, ...read.filter((event) => !known.has(event.id))];
  items.sort((one, other) => Date.parse(other.event_time) - Date.parse(one.event_time));
  return { ...before, items: items.slice(0, TICKER_LENGTH) };
}

const ZERO_MONEY = "0.00";
const seconds = (iso: string) => Math.floor(Date.parse(iso) / 1000);

function shifted(columns: CurrencySeries, drop: number, add: number): CurrencySeries {
  return byMeasure((name) => [
    ...columns[name].slice(drop),
    ...new Array<string | number>(add).fill(KPIS[name].unit === "money" ? ZERO_MONEY : 0),
  ]) as CurrencySeries;
}

const LENGTH_S = { "15m": 900, "1h": 3_600, "24h": 86_400, today: Infinity } as const;

/** The first open window: the one of the newest event may still get more. */
function openFrom(starts: readonly number[], stepS: number, { as_of, newest_event_time }: Freshness): number | null {
  const until = newest_event_time === null ? -Infinity : Math.min(Date.parse(as_of), Date.parse(newest_event_time));
  return starts.find((start) => (start + stepS) * 1_000 > until) ?? null;
}

/** The series advanced to the time of `fresh`: new windows are added as zeros, and those
 * that left a rolling range are dropped. `today` keeps its start, a fixed range everything.
 */
export function advanceSeries(series: TimeSeries, fresh: Freshness): TimeSeries {
  const { as_of, newest_event_time, event_time_lag_s, stale, pipeline } = fresh;
  const { name } = series.range;
  const last = series.starts.at(-1);
  if (name === "custom" || last === undefined) return series;
  const step = series.step_s;
  const now = Math.floor(Date.parse(as_of) / 1000);
  const add = Math.max(0, Math.floor((now - last) / step));
  const drop = series.starts.filter((start) => start < now - LENGTH_S[name]).length;
  const more = Array.from({ length: add }, (_, index) => last + step * (index + 1));
  const starts = add + drop === 0 ? series.starts : [...series.starts.slice(drop), ...more];
  return {
    ...series,
    ...{ as_of, newest_event_time, event_time_lag_s, stale, pipeline },
    starts,
    open_from: openFrom(starts, step, fresh),
    range: { ...series.range, start: new Date((starts[0] ?? now) * 1000).toISOString(), end: as_of },
    currencies:
      starts === series.starts
        ? series.currencies
        : Object.fromEntries(
            Object.entries(series.currencies).map(([code, columns]) => [code, shifted(columns, drop, add)]),
          ),
  };
}

function write(columns: CurrencySeries, index: number, from: KpiWindow["currencies"][number]): void {
  for (const column of MEASURE_NAMES) (columns[column] as (string | number)[])[index] = from[column];
}

/** The series with the changed windows replaced. Windows outside its range are ignored. */
export function patchSeries(series: TimeSeries, batch: WindowBatch): TimeSeries {
  const moved = advanceSeries(series, batch);
  // Hours are reloaded instead, since only a minute of them changed.
  if (moved.step_s !== 60) return moved;
  const place = new Map(moved.starts.map((start, index) => [start, index]));
  const hits = batch.windows.flatMap((window) => {
    const index = place.get(seconds(window.start));
    return index === undefined ? [] : [{ index, window }];
  });
  if (hits.length === 0) return moved;
  const currencies = Object.fromEntries(
    Object.entries(moved.currencies).map(([code, columns]) => [code, shifted(columns, 0, 0)]),
  );
  for (const { index, window } of hits) {
    for (const changed of window.currencies) {
      const columns = currencies[changed.currency];
      if (columns) write(columns, index, changed);
    }
  }
  return { ...moved, currencies };
}

/** The health that was read, with the states that changed since. */
export function patchHealth(health: Health, summary: HealthSummary): Health {
  const changed = new Map(summary.components.map((component) => [component.name, component]));
  return {
    ...health,
    as_of: summary.as_of,
    newest_event_time: summary.newest_event_time,
    event_time_lag_s: summary.event_time_lag_s,
    stale: summary.stale,
    status: summary.status,
    pipeline: summary.pipeline,
    rejects_too_many: summary.rejects_too_many,
    components: health.components.map((component) => {
      const now = changed.get(component.name);
      return now ? { ...component, state: now.state, summary: now.summary, sentence: now.sentence } : component;
    }),
  };
}
