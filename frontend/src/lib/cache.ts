/** How live messages change what was read before: pure functions, and the keys under which it lies. */
import type { EventFilters, RangeQuery, RejectedFilters } from "./api";
import type { CurrencySeries, EventBatch, Health, HealthSummary, KpiWindow, OrderEvent, TimeSeries, WindowBatch } from "./types";

export const keys = {
  about: ["about"] as const,
  kpi: (range: RangeQuery) => ["kpi", range] as const,
  series: (range: RangeQuery) => ["series", range] as const,
  events: (filters: EventFilters) => ["events", filters] as const,
  event: (id: string) => ["event", id] as const,
  order: (orderId: string) => ["order", orderId] as const,
  rejected: (filters: RejectedFilters) => ["rejected", filters] as const,
  health: ["health"] as const,
  ticker: ["ticker"] as const,
};

/** The newest events that the stream showed, newest first. */
export interface Ticker {
  readonly items: readonly OrderEvent[];
  readonly sampled: boolean;
  /** Events in the last message, shown or not. */
  readonly seen: number;
}

export const EMPTY_TICKER: Ticker = { items: [], sampled: false, seen: 0 };
const TICKER_LENGTH = 60;

export function patchTicker(before: Ticker, batch: EventBatch): Ticker {
  const known = new Set(before.items.map((event) => event.id));
  const fresh = batch.items.filter((event) => !known.has(event.id));
  if (fresh.length === 0 && before.sampled === batch.sampled) return before;
  return { items: [...fresh, ...before.items].slice(0, TICKER_LENGTH), sampled: batch.sampled, seen: batch.seen };
}

const COLUMNS = [
  "revenue",
  "order_value",
  "orders_created",
  "payments_initiated",
  "payment_success",
  "payment_failed",
  "orders_cancelled",
] as const satisfies readonly (keyof CurrencySeries)[];

const ZERO_MONEY = "0.00";
const seconds = (iso: string) => Math.floor(Date.parse(iso) / 1000);

function shifted(columns: CurrencySeries, drop: number, add: number): CurrencySeries {
  const money = new Array<string>(add).fill(ZERO_MONEY);
  const zeros = new Array<number>(add).fill(0);
  return {
    revenue: [...columns.revenue.slice(drop), ...money],
    order_value: [...columns.order_value.slice(drop), ...money],
    orders_created: [...columns.orders_created.slice(drop), ...zeros],
    payments_initiated: [...columns.payments_initiated.slice(drop), ...zeros],
    payment_success: [...columns.payment_success.slice(drop), ...zeros],
    payment_failed: [...columns.payment_failed.slice(drop), ...zeros],
    orders_cancelled: [...columns.orders_cancelled.slice(drop), ...zeros],
  };
}

/**
 * The series moved on to the moment `as_of`: windows that began since are added as zeros, and those
 * that fell out of a moving range are dropped. `today` and fixed ranges keep their beginning.
 */
export function advanceSeries(series: TimeSeries, asOf: string): TimeSeries {
  const { name } = series.range;
  if (name === "custom") return series;
  const last = series.starts.at(-1);
  if (last === undefined) return series;
  const step = series.step_s;
  const now = Math.floor(Date.parse(asOf) / 1000);
  const add = Math.max(0, Math.floor((now - last) / step));
  const span = { "15m": 900, "1h": 3_600, "24h": 86_400, today: null }[name];
  const drop = span === null ? 0 : series.starts.findIndex((start) => start >= now - span);
  if (add === 0 && drop <= 0) return series;
  const more = Array.from({ length: add }, (_, index) => last + step * (index + 1));
  const starts = [...series.starts.slice(Math.max(0, drop)), ...more];
  return {
    ...series,
    starts,
    open_from: series.open_from === null ? (starts.at(-1) ?? null) : series.open_from + add * step,
    range: { ...series.range, start: new Date((starts[0] ?? now) * 1000).toISOString(), end: asOf },
    currencies: Object.fromEntries(
      Object.entries(series.currencies).map(([code, columns]) => [code, shifted(columns, Math.max(0, drop), add)]),
    ),
  };
}

function write(columns: CurrencySeries, index: number, from: KpiWindow["currencies"][number]): void {
  for (const column of COLUMNS) (columns[column] as (string | number)[])[index] = from[column];
}

/** The series with the changed windows in their places. Windows outside its range are left out. */
export function patchSeries(series: TimeSeries, batch: WindowBatch): TimeSeries {
  const moved = advanceSeries(series, batch.as_of);
  const place = new Map(moved.starts.map((start, index) => [start, index]));
  const hits = batch.windows.filter((window) => place.has(seconds(window.start)));
  const freshness = {
    as_of: batch.as_of,
    newest_event_time: batch.newest_event_time,
    event_time_lag_s: batch.event_time_lag_s,
    stale: batch.stale,
  };
  // An hour is more than the minute that changed: hours are read anew instead.
  if (hits.length === 0 || moved.step_s !== 60) return { ...moved, ...freshness };
  const currencies = Object.fromEntries(
    Object.entries(moved.currencies).map(([code, columns]) => [code, shifted(columns, 0, 0)]),
  );
  for (const window of hits) {
    const index = place.get(seconds(window.start));
    if (index === undefined) continue;
    for (const changed of window.currencies) {
      const columns = currencies[changed.currency];
      if (columns) write(columns, index, changed);
    }
  }
  return { ...moved, ...freshness, currencies, open_from: openFrom(moved, hits) };
}

/** Where the windows begin that are still running, after some were said to be open or closed. */
function openFrom(series: TimeSeries, hits: readonly KpiWindow[]): number | null {
  const open = hits.filter((window) => window.open).map((window) => seconds(window.start));
  const shut = hits.filter((window) => !window.open).map((window) => seconds(window.start));
  const from = Math.max(
    Math.min(series.open_from ?? Infinity, ...open),
    ...shut.map((start) => start + series.step_s),
  );
  return from <= (series.starts.at(-1) ?? -1) ? from : null;
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
    components: health.components.map((component) => {
      const now = changed.get(component.name);
      return now ? { ...component, state: now.state, summary: now.summary } : component;
    }),
  };
}
