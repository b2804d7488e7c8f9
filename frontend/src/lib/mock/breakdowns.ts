/** The shop's sums by the optional fields: each minute is divided by fixed shares. */
import type { BreakdownField, RangeQuery } from "../api";
import { byMeasure, kpisOf, MEASURE_NAMES, type MeasureName, noSums, type Sums } from "../kpis";
import type { Breakdown, BreakdownValue } from "../types";
import { freshness, rangeOf, spanOf, sumsOf } from "./reports";
import { CURRENCIES, money, type Shop } from "./shop";

type Code = (typeof CURRENCIES)[number];

/** In percent. */
const SHARES: Readonly<Record<Exclude<BreakdownField, "failure_reason">, Record<Code, Record<string, number>>>> = {
  payment_method: {
    VND: { momo: 32, cod: 24, card: 20, zalopay: 14, vnpay: 8, "": 2 },
    USD: { card: 65, paypal: 24, apple_pay: 9, "": 2 },
  },
  channel: { VND: { web: 48, app: 42, store: 10 }, USD: { web: 70, app: 30 } },
  country: { VND: { VN: 96, US: 4 }, USD: { US: 58, SG: 22, JP: 12, DE: 8 } },
};
const REASONS = { insufficient_funds: 40, declined_by_bank: 25, customer_cancelled: 15, expired_card: 12, timeout: 8 };
const OF_FAILED: readonly MeasureName[] = ["payment_failed"];

/** What of the sums is a failed payment, and what is not. */
const part = (sums: Sums, failed: boolean): Sums =>
  byMeasure((name) => (OF_FAILED.includes(name) === failed ? sums[name] : 0));

/** The sums by value, which add up to them. */
function divided(sums: Sums, shares: Readonly<Record<string, number>>): Map<string, Sums> {
  const values = new Map<string, Sums>();
  let before = 0;
  for (const [value, percent] of Object.entries(shares)) {
    const upTo = (share: number) => (name: MeasureName) => Math.round((sums[name] * share) / 100);
    const [low, high] = [upTo(before), upTo(before + percent)];
    values.set(
      value,
      byMeasure((name) => high(name) - low(name)),
    );
    before += percent;
  }
  return values;
}

const byValue = (sums: Sums, by: BreakdownField, code: Code): Map<string, Sums> =>
  by === "failure_reason"
    ? divided(part(sums, true), REASONS).set("", part(sums, false))
    : divided(sums, SHARES[by][code]);

const kpi = (sums: Sums): BreakdownValue["current"] => kpisOf(sums, "", (cents) => money(Math.round(cents)));

export function breakdown(shop: Shop, query: RangeQuery, by: BreakdownField, now: number): Breakdown {
  const { start, end, previousStart } = spanOf(query, now);
  const previousEnd = previousStart + (end - start);
  const share_of = by === "failure_reason" ? "payment_failed" : "revenue";
  const valuesOf = (code: Code): BreakdownValue[] => {
    const whole = sumsOf(shop, start, end, code);
    const before = byValue(sumsOf(shop, previousStart, previousEnd, code), by, code);
    return [...byValue(whole, by, code)]
      .map(([value, sums]) => ({
        value,
        share: whole[share_of] === 0 ? null : Math.round((10_000 * sums[share_of]) / whole[share_of]) / 100,
        current: kpi(sums),
        previous: kpi(before.get(value) ?? noSums()),
      }))
      .filter(({ current }) => MEASURE_NAMES.some((name) => Number(current[name]) > 0))
      .sort((one, other) => Number(other.current[share_of]) - Number(one.current[share_of]));
  };
  return {
    ...freshness(shop, now),
    by,
    share_of,
    range: rangeOf(query, start, end),
    previous_range: rangeOf(query, previousStart, previousEnd),
    currencies: CURRENCIES.map((currency) => ({ currency, values: valuesOf(currency) })),
  };
}
