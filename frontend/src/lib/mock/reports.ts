/** The shop's tallies in the shapes of the API. */
import type { RangeQuery } from "../api";
import type { CurrencyKpi, CurrencySeries, Freshness, Kpi, KpiComparison, KpiReport, KpiWindow, TimeSeries } from "../types";
import { startOfDay } from "../zone";
import { CURRENCIES, MINUTE_MS, money, noTally, type Shop, type Tally } from "./shop";

const share = (part: number, whole: number) => (whole === 0 ? null : Math.round((10_000 * part) / whole) / 100);

function kpiOf(tally: Tally): Kpi {
  const { orders_created, payments_initiated, payment_success, payment_failed, orders_cancelled } = tally;
  return {
    orders_created,
    payments_initiated,
    payment_success,
    payment_failed,
    orders_cancelled,
    success_rate: share(payment_success, payment_success + payment_failed),
    created_to_initiated_rate: share(payments_initiated, orders_created),
    initiated_to_paid_rate: share(payment_success, payments_initiated),
    created_to_paid_rate: share(payment_success, orders_created),
  };
}

const currencyKpi = (currency: string, tally: Tally): CurrencyKpi => ({
  ...kpiOf(tally),
  currency,
  revenue: money(tally.revenue),
  order_value: money(tally.order_value),
  average_order_value: tally.orders_created === 0 ? null : money(Math.round(tally.order_value / tally.orders_created)),
});

function add(into: Tally, more: Tally): Tally {
  for (const name of Object.keys(into) as (keyof Tally)[]) into[name] += more[name];
  return into;
}

export function freshness(shop: Shop, now: number): Freshness {
  const newest = shop.events.at(-1)?.event_time ?? null;
  const lag = newest === null ? null : (now - Date.parse(newest)) / 1_000;
  return { as_of: new Date(now).toISOString(), newest_event_time: newest, event_time_lag_s: lag, stale: lag !== null && lag > 60 };
}

interface Span {
  readonly start: number;
  readonly end: number;
  readonly previousStart: number;
}

/** Whole minutes from `start`; the period before has the same length. */
export function spanOf(query: RangeQuery, now: number): Span {
  const minute = (at: number) => Math.ceil(at / MINUTE_MS) * MINUTE_MS;
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
  const start = minute(now - length);
  return { start, end: now, previousStart: start - length };
}

function comparison(shop: Shop, query: RangeQuery, start: number, end: number, closing: number): KpiComparison {
  const all = noTally();
  const currencies = CURRENCIES.map((code) => {
    const sum = noTally();
    for (let at = start; at < end; at += MINUTE_MS) {
      const tally = shop.tally(at, code);
      const left = Math.min(1, (end - at) / MINUTE_MS);
      // The last minute of the period before is cut off where the current one stands.
      const part = closing < 1 && left < 1 ? left : 1;
      add(sum, part === 1 ? tally : scaled(tally, part));
    }
    add(all, sum);
    return currencyKpi(code, sum);
  });
  return {
    range: { name: query.range, start: new Date(start).toISOString(), end: new Date(end).toISOString(), time_zone: query.tz },
    totals: kpiOf(all),
    currencies,
  };
}

function scaled(tally: Tally, part: number): Tally {
  const made = noTally();
  for (const name of Object.keys(made) as (keyof Tally)[]) made[name] = Math.round(tally[name] * part);
  return made;
}

export function kpiReport(shop: Shop, query: RangeQuery, now: number): KpiReport {
  const { start, end, previousStart } = spanOf(query, now);
  return {
    ...freshness(shop, now),
    current: comparison(shop, query, start, end, 1),
    previous: comparison(shop, query, previousStart, previousStart + (end - start), 0),
  };
}

export function timeSeries(shop: Shop, query: RangeQuery, now: number): TimeSeries {
  const { start, end } = spanOf(query, now);
  const starts: number[] = [];
  for (let at = start; at < end; at += MINUTE_MS) starts.push(at / 1_000);
  const currencies: Record<string, CurrencySeries> = {};
  for (const code of CURRENCIES) {
    const tallies = starts.map((at) => shop.tally(at * 1_000, code));
    currencies[code] = {
      revenue: tallies.map((tally) => money(tally.revenue)),
      order_value: tallies.map((tally) => money(tally.order_value)),
      orders_created: tallies.map((tally) => tally.orders_created),
      payments_initiated: tallies.map((tally) => tally.payments_initiated),
      payment_success: tallies.map((tally) => tally.payment_success),
      payment_failed: tallies.map((tally) => tally.payment_failed),
      orders_cancelled: tallies.map((tally) => tally.orders_cancelled),
    };
  }
  const open = Math.floor(now / MINUTE_MS) * 60;
  return {
    ...freshness(shop, now),
    range: { name: query.range, start: new Date(start).toISOString(), end: new Date(end).toISOString(), time_zone: query.tz },
    step_s: 60,
    starts,
    open_from: starts.includes(open) ? open : null,
    currencies,
  };
}

export function kpiWindow(shop: Shop, start: number, now: number): KpiWindow {
  const all = noTally();
  const currencies = CURRENCIES.map((code) => {
    const tally = shop.tally(start, code);
    add(all, tally);
    return currencyKpi(code, tally);
  });
  return {
    start: new Date(start).toISOString(),
    end: new Date(start + MINUTE_MS).toISOString(),
    open: now < start + MINUTE_MS,
    totals: kpiOf(all),
    currencies,
  };
}
