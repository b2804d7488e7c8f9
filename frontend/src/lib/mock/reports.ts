/** The shop's sums in the API's types. */
import type { RangeQuery } from "../api";
import { byMeasure, KPIS, kpisOf, MEASURE_NAMES, noSums, type Sums, totalsOf } from "../kpis";
import { startOfDay } from "../locale/zone";
import type { CurrencySeries, Freshness, KpiComparison, KpiReport, KpiWindow, TimeRange, TimeSeries } from "../types";
import { CURRENCIES, MINUTE_MS, money, type Shop } from "./shop";

/** Sums of the shop hold money in cents. */
const currencyKpi = (currency: string, sums: Sums) => kpisOf(sums, currency, (cents) => money(Math.round(cents)));

function add(into: Sums, more: Sums): void {
  for (const name of MEASURE_NAMES) into[name] += more[name];
}

function pipelineOf(shop: Shop, now: number): Freshness["pipeline"] {
  if (!shop.runs("spark_stream", now)) return "stopped";
  return shop.runs("generator", now) ? "running" : "source_stopped";
}

export function freshness(shop: Shop, now: number): Freshness {
  const newest = shop.events.at(-1)?.event_time ?? null;
  const lag = newest === null ? null : (now - Date.parse(newest)) / 1_000;
  return {
    as_of: new Date(now).toISOString(),
    newest_event_time: newest,
    event_time_lag_s: lag,
    stale: lag !== null && lag > 60,
    pipeline: pipelineOf(shop, now),
  };
}

interface Span {
  readonly start: number;
  readonly end: number;
  readonly previousStart: number;
}

/** Whole minutes from `start`; the period before has the same length. */
export function spanOf(query: RangeQuery, now: number): Span {
  if (query.range === "today") {
    const start = startOfDay(now, query.tz);
    return { start, end: now, previousStart: startOfDay(start - 3_600_000, query.tz) };
  }
  if (query.range === "custom") {
    const start = Date.parse(query.from ?? "");
    const end = Math.min(now, Date.parse(query.to ?? ""));
    return { start, end, previousStart: start - (end - start) };
  }
  const length = { "15m": 15, "1h": 60, "24h": 1_440 }[query.range] * MINUTE_MS;
  const start = Math.ceil((now - length) / MINUTE_MS) * MINUTE_MS;
  return { start, end: now, previousStart: start - length };
}

const minutesOf = (start: number, end: number) =>
  Array.from({ length: Math.ceil((end - start) / MINUTE_MS) }, (_, index) => start + index * MINUTE_MS);

export const rangeOf = (query: RangeQuery, start: number, end: number): TimeRange => ({
  name: query.range,
  start: new Date(start).toISOString(),
  end: new Date(end).toISOString(),
  time_zone: query.tz,
});

/** The sums of the minutes of a span. */
export function sumsOf(shop: Shop, start: number, end: number, code: (typeof CURRENCIES)[number]): Sums {
  const sums = noSums();
  for (const minute of minutesOf(start, end)) add(sums, shop.tally(minute, code));
  return sums;
}

/** The KPIs of some minutes: of each currency, and of all. */
function kpisOfMinutes(shop: Shop, minutes: readonly number[]): Pick<KpiComparison, "totals" | "currencies"> {
  const all = noSums();
  const currencies = CURRENCIES.map((code) => {
    const sums = noSums();
    for (const minute of minutes) add(sums, shop.tally(minute, code));
    add(all, sums);
    return currencyKpi(code, sums);
  });
  return { totals: totalsOf(currencyKpi("", all)), currencies };
}

export function kpiReport(shop: Shop, query: RangeQuery, now: number): KpiReport {
  const { start, end, previousStart } = spanOf(query, now);
  const previousEnd = previousStart + (end - start);
  // The running minute has no equal in the past, whose minutes are over.
  const closed = Math.floor(previousEnd / MINUTE_MS) * MINUTE_MS;
  return {
    ...freshness(shop, now),
    current: { range: rangeOf(query, start, end), ...kpisOfMinutes(shop, minutesOf(start, end)) },
    previous: {
      range: rangeOf(query, previousStart, previousEnd),
      ...kpisOfMinutes(shop, minutesOf(previousStart, closed)),
    },
  };
}

export function timeSeries(shop: Shop, query: RangeQuery, now: number): TimeSeries {
  const { start, end } = spanOf(query, now);
  const minutes = minutesOf(start, end);
  const starts = minutes.map((minute) => minute / 1_000);
  const open = Math.floor(now / MINUTE_MS) * 60;
  const columnsOf = (code: (typeof CURRENCIES)[number]) => {
    const tallies = minutes.map((minute) => shop.tally(minute, code));
    return byMeasure((name) =>
      tallies.map((tally) => (KPIS[name].unit === "money" ? money(tally[name]) : tally[name])),
    ) as CurrencySeries;
  };
  return {
    ...freshness(shop, now),
    range: rangeOf(query, start, end),
    step_s: 60,
    starts,
    open_from: starts.includes(open) ? open : null,
    currencies: Object.fromEntries(CURRENCIES.map((code) => [code, columnsOf(code)])),
  };
}

export function kpiWindow(shop: Shop, start: number, now: number): KpiWindow {
  const end = start + MINUTE_MS;
  return {
    start: new Date(start).toISOString(),
    end: new Date(end).toISOString(),
    open: now < end,
    ...kpisOfMinutes(shop, [start]),
  };
}
