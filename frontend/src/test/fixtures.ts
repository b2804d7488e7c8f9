/** Responses of the API for tests. Times are around 2026-03-01T10:00Z. */
import { byMeasure, KPIS, kpisOf, noSums, totalsOf } from "@/lib/kpis";
import type { BreakdownField } from "@/lib/api";
import type {
  Breakdown,
  BreakdownValue,
  CurrencyKpi,
  CurrencySeries,
  Freshness,
  Kpi,
  KpiComparison,
  KpiReport,
  KpiWindow,
  OrderEvent,
  TimeSeries,
} from "@/lib/types";

export const TEN = Date.parse("2026-03-01T10:00:00Z");
export const at = (seconds: number) => new Date(TEN + seconds * 1_000).toISOString();

export function freshness(asOfS = 0, lagS: number | null = 0.6): Freshness {
  return {
    as_of: at(asOfS),
    newest_event_time: lagS === null ? null : at(asOfS - lagS),
    event_time_lag_s: lagS,
    stale: lagS !== null && lagS > 60,
    pipeline: "running",
  };
}

const NOTHING = kpisOf(noSums(), "", (value) => value.toFixed(2));
export const NO_COUNTS: Kpi = totalsOf(NOTHING);

export function currencyKpi(currency: string, of: Partial<CurrencyKpi> = {}): CurrencyKpi {
  return { ...NOTHING, currency, ...of };
}

export function comparison(
  startS: number,
  endS: number,
  totals: Partial<Kpi>,
  currencies: CurrencyKpi[],
): KpiComparison {
  return {
    range: { name: "1h", start: at(startS), end: at(endS), time_zone: "UTC" },
    totals: { ...NO_COUNTS, ...totals },
    currencies,
  };
}

export function kpiReport(of: Partial<KpiReport> = {}): KpiReport {
  return {
    ...freshness(),
    current: comparison(
      -3_600,
      0,
      {
        orders_created: 1_200,
        payments_initiated: 1_100,
        payment_success: 900,
        payment_failed: 100,
        orders_cancelled: 60,
        success_rate: 90,
        created_to_initiated_rate: 91.67,
        initiated_to_paid_rate: 81.82,
        created_to_paid_rate: 75,
      },
      [
        currencyKpi("VND", { revenue: "412500000.00", average_order_value: "458333.00", orders_created: 900 }),
        currencyKpi("USD", { revenue: "9120.50", average_order_value: "30.40", orders_created: 300 }),
      ],
    ),
    previous: comparison(
      -7_200,
      -3_600,
      { orders_created: 1_000, payment_success: 800, payment_failed: 50, orders_cancelled: 120, success_rate: 94.12 },
      [
        currencyKpi("VND", { revenue: "330000000.00", average_order_value: "458000.00" }),
        currencyKpi("USD", { revenue: "0.00" }),
      ],
    ),
    ...of,
  };
}

export function columns(length: number, of: Partial<CurrencySeries> = {}): CurrencySeries {
  const zeros = byMeasure((name) =>
    new Array<string | number>(length).fill(KPIS[name].unit === "money" ? "0.00" : 0),
  ) as CurrencySeries;
  return { ...zeros, ...of };
}

/** `minutes` windows up to and including the one that begins at 10:00, which is open at 10:00:30. */
export function timeSeries(minutes = 15, of: Partial<TimeSeries> = {}): TimeSeries {
  const starts = Array.from({ length: minutes }, (_, index) => TEN / 1_000 - 60 * (minutes - 1 - index));
  const count = (of_: number) => starts.map(() => of_);
  return {
    ...freshness(30),
    range: { name: "15m", start: new Date((starts[0] ?? 0) * 1_000).toISOString(), end: at(30), time_zone: "UTC" },
    step_s: 60,
    starts,
    open_from: TEN / 1_000,
    currencies: {
      VND: columns(minutes, {
        revenue: starts.map(() => "100000.00"),
        order_value: starts.map(() => "150000.00"),
        orders_created: count(3),
        payment_success: count(2),
        payment_failed: count(1),
      }),
      USD: columns(minutes, {
        revenue: starts.map(() => "10.50"),
        order_value: starts.map(() => "20.00"),
        orders_created: count(1),
        payment_success: count(1),
      }),
    },
    ...of,
  };
}

export function kpiWindow(startS: number, open: boolean, currencies: CurrencyKpi[]): KpiWindow {
  return { start: at(startS), end: at(startS + 60), open, totals: NO_COUNTS, currencies };
}

export function orderEvent(of: Partial<OrderEvent> = {}): OrderEvent {
  return {
    id: "6a0e3b1c-0000-4000-a000-000000000001",
    event_time: at(-1),
    event_type: "payment_success",
    order_id: "ORD123456",
    user_id: "USR1234",
    amount: "1499000.00",
    currency: "VND",
    status: "success",
    ingest_time: at(0),
    payment_method: "momo",
    channel: "web",
    country: "VN",
    failure_reason: "",
    ...of,
  };
}

type Sums = BreakdownValue["current"];

export function breakdownValue(
  value: string | null,
  current: Partial<Sums>,
  previous: Partial<Sums> = {},
  share: number | null = 0,
): BreakdownValue {
  return { value, share, current: { ...NOTHING, ...current }, previous: { ...NOTHING, ...previous } };
}

const REASONS = [
  breakdownValue("insufficient_funds", { payment_failed: 12 }, { payment_failed: 10 }, 60),
  breakdownValue("gateway_down", { payment_failed: 8 }, { payment_failed: 8 }, 40),
  breakdownValue("", { revenue: "400000.00" }, {}, 0),
];
const VALUES = (first: string) => [
  breakdownValue(first, { revenue: "300000.00", success_rate: 80 }, { revenue: "200000.00" }, 75),
  breakdownValue("bank_qr", { revenue: "100000.00" }, { revenue: "200000.00" }, 25),
  breakdownValue("", { revenue: "0.00", orders_created: 1 }, {}, 0),
];

/** The values of VND. */
export function breakdown(by: BreakdownField, values?: BreakdownValue[]): Breakdown {
  const { range } = comparison(-3_600, 0, {}, []);
  const own = by === "failure_reason" ? REASONS : VALUES(by === "country" ? "VN" : "momo");
  return {
    ...freshness(),
    by,
    share_of: by === "failure_reason" ? "payment_failed" : "revenue",
    range,
    previous_range: { ...range, start: at(-7_200), end: at(-3_600) },
    currencies: [
      { currency: "VND", values: values ?? own },
      { currency: "USD", values: [] },
    ],
  };
}
