/** The user's limits, and those exceeded in the last 15 minutes. Pure. */
import * as v from "valibot";

import type { TimeSeries } from "@/lib/types";

import { closedCount } from "../figures";

export const RULES = ["success_rate", "failed", "cancelled", "orders", "revenue", "lag"] as const;
export type RuleName = (typeof RULES)[number];

const Rule = v.object({ on: v.boolean(), limit: v.pipe(v.number(), v.finite(), v.minValue(0)) });
const rule = (limit: number) => v.fallback(Rule, { on: false, limit });

/** Limits are stored under `orderpulse.alerts`. Revenue has one per currency. */
export const AlertSettings = v.object({
  sound: v.fallback(v.boolean(), false),
  success_rate: rule(80),
  failed: rule(50),
  cancelled: rule(50),
  orders: rule(10),
  lag: rule(60),
  revenue: v.fallback(v.record(v.string(), Rule), {}),
});
export type AlertSettings = v.InferOutput<typeof AlertSettings>;

/** Default for a currency without a limit. */
export const NO_REVENUE_RULE = { on: false, limit: 0 };

export interface Firing {
  readonly key: string;
  readonly rule: RuleName;
  readonly currency: string | null;
  readonly value: number;
  readonly limit: number;
}

const WINDOWS_S = 15 * 60;
/** A window without a newer event counts as ended after this time, so that alerts detect a stop of orders. */
const GRACE_S = 60;

/** Sums over the last 15 minutes of ended windows; null if the range is shorter than that. */
export interface Quarter {
  readonly orders: number;
  readonly paid: number;
  readonly failed: number;
  readonly cancelled: number;
  readonly revenue: Readonly<Record<string, number>>;
}

export function lastQuarter(series: TimeSeries): Quarter | null {
  const over = Date.parse(series.as_of) / 1_000 - GRACE_S;
  const ended = series.starts.filter((start) => start + series.step_s <= over).length;
  const to = Math.max(closedCount(series), ended);
  const from = to - WINDOWS_S / series.step_s;
  // The range of 15 minutes includes its open window, and briefly the previous one, which has not ended here.
  const least = series.range.name === "15m" ? -2 : 0;
  if (series.step_s > 60 || from < least) return null;
  const sum = (column: readonly (number | string)[]) =>
    column.slice(Math.max(0, from), to).reduce<number>((total, value) => total + Number(value), 0);
  const all = Object.entries(series.currencies);
  const total = (column: "orders_created" | "payment_success" | "payment_failed" | "orders_cancelled") =>
    all.reduce((whole, [, columns]) => whole + sum(columns[column]), 0);
  return {
    orders: total("orders_created"),
    paid: total("payment_success"),
    failed: total("payment_failed"),
    cancelled: total("orders_cancelled"),
    revenue: Object.fromEntries(all.map(([code, columns]) => [code, sum(columns.revenue)])),
  };
}

/** Whether any limit is set. */
export function isWatching({ revenue, success_rate, failed, cancelled, orders, lag }: AlertSettings): boolean {
  return [success_rate, failed, cancelled, orders, lag, ...Object.values(revenue)].some(({ on }) => on);
}

/** The exceeded limits. `lagS`: age of the newest event in seconds. */
export function firing(settings: AlertSettings, quarter: Quarter | null, lagS: number | null): Firing[] {
  const found: Firing[] = [];
  const judge = (
    name: RuleName,
    value: number | null,
    beyond: "above" | "below",
    { on, limit }: { on: boolean; limit: number },
    currency: string | null = null,
  ) => {
    if (!on || value === null || !(beyond === "above" ? value > limit : value < limit)) return;
    found.push({ key: currency === null ? name : `${name}:${currency}`, rule: name, currency, value, limit });
  };
  if (quarter) {
    const ended = quarter.paid + quarter.failed;
    judge("success_rate", ended === 0 ? null : (100 * quarter.paid) / ended, "below", settings.success_rate);
    judge("failed", quarter.failed, "above", settings.failed);
    judge("cancelled", quarter.cancelled, "above", settings.cancelled);
    judge("orders", quarter.orders, "below", settings.orders);
    for (const [currency, limit] of Object.entries(settings.revenue)) {
      judge("revenue", quarter.revenue[currency] ?? null, "below", limit, currency);
    }
  }
  judge("lag", lagS, "above", settings.lag);
  return found;
}
