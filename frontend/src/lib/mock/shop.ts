/** A simulated shop: orders are created, paid or not, in two currencies, with peaks at noon and
 * in the evening. Before `start - DETAIL_MS` only minute sums exist; from then on, each event.
 */
import { KPIS, noSums, type Sums } from "../kpis";
import { EVENTS } from "../kpis.gen";
import type { EventType, OrderEvent, RejectReason, RejectedRecord } from "../types";

const DETAIL_MS = 60 * 60_000;
export const MINUTE_MS = 60_000;
export const CURRENCIES = ["VND", "USD"] as const;
type Code = (typeof CURRENCIES)[number];

const SHARE = { VND: 0.72, USD: 0.28 } as const;
const MEDIAN_CENTS = { VND: 420_000_00, USD: 38_00 } as const;

/** Uniform in [0, 1). */
type Random = () => number;

/** The same seed gives the same numbers (mulberry32). */
export function createRandom(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

const between = (random: Random, from: number, to: number) => from + Math.floor(random() * (to - from + 1));

/** Orders a second at a moment: a floor for the night, a bump for lunch, a higher one for the evening. */
function ordersPerSecond(at: number): number {
  const hour = (at / 3_600_000 + 7) % 24;
  const bump = (centre: number, width: number) => Math.exp(-(((hour - centre) / width) ** 2));
  return 0.5 + 1.2 * bump(11.5, 2.2) + 1.9 * bump(20, 2.6);
}

/** Around the median, now and then four times as much; VND in thousands. */
function amountCents(random: Random, currency: Code): number {
  const cents = Math.round(MEDIAN_CENTS[currency] * Math.exp(1.4 * (random() + random() - 1)));
  return currency === "VND" ? Math.round(cents / 1_000_00) * 1_000_00 : cents;
}

/** What happens to an order, each with the milliseconds after what happened before. */
function journey(random: Random): [EventType, number][] {
  const outcome = random();
  if (outcome > 0.93)
    return [
      ["order_created", 0],
      ["order_cancelled", between(random, 5_000, 40_000)],
    ];
  const steps: [EventType, number][] = [
    ["order_created", 0],
    ["payment_initiated", between(random, 1_500, 9_000)],
  ];
  if (outcome < 0.74) steps.push(["payment_success", between(random, 900, 7_000)]);
  else if (outcome < 0.83) steps.push(["payment_failed", between(random, 900, 7_000)]);
  else if (outcome < 0.87) steps.push(["order_cancelled", between(random, 8_000, 60_000)]);
  return steps;
}

function count(tally: Sums, type: EventType, cents: number): void {
  for (const name of EVENTS[type].counts) tally[name] += KPIS[name].unit === "money" ? cents : 1;
}

export const money = (cents: number) => (cents / 100).toFixed(2);

const digits = (random: Random, pattern: string) =>
  pattern.replaceAll("x", () => Math.floor(random() * 16).toString(16));

const REJECTS: readonly [RejectReason, string | null, string][] = [
  [
    "missing_field",
    "orderId",
    '{"id":"%","eventTime":"2026-01-01T00:00:00Z","eventType":"order_created","userId":"USR2210","amount":120000,"currency":"VND","status":"pending"}',
  ],
  [
    "amount_negative",
    "amount: -12.5",
    '{"id":"%","eventType":"payment_success","orderId":"ORD100001","userId":"USR1001","amount":-12.5,"currency":"USD","status":"success"}',
  ],
  ["not_json", null, '{"id":"%","eventTime":"2026-'],
  [
    "wrong_type",
    "amount: 99.00",
    '{"id":"%","orderId":"ORD100310","userId":"USR1456","amount":"99.00","currency":"USD","status":"pending"}',
  ],
  [
    "not_allowed",
    "currency: EUR",
    '{"id":"%","orderId":"ORD100412","userId":"USR1700","amount":45,"currency":"EUR","status":"pending"}',
  ],
  [
    "late",
    "eventTime: 2026-01-01T00:00:00Z",
    '{"id":"%","eventType":"order_created","orderId":"ORD100020","userId":"USR1020","amount":310000,"currency":"VND","status":"pending"}',
  ],
  ["not_utf8", null, '{"id":"%","note":"\ufffd\ufffd <b>not bold</b>"}'],
];

export class Shop {
  /** Newest last. */
  readonly events: OrderEvent[] = [];
  readonly rejected: RejectedRecord[] = [];
  rate = 1;
  /** Until when the generator and the stream are down, in milliseconds since 1970. */
  readonly down = { generator: 0, spark_stream: 0 };
  private readonly tallies = new Map<string, Sums>();
  private readonly random: Random;
  private readonly detailFrom: number;
  private due: OrderEvent[] = [];
  private now: number;
  private nextOrder = 100_000;

  constructor(seed: number, start: number) {
    this.random = createRandom(seed);
    this.detailFrom = Math.floor((start - DETAIL_MS) / MINUTE_MS) * MINUTE_MS;
    this.now = this.detailFrom;
    this.advance(start);
  }

  runs(service: keyof Shop["down"], now: number): boolean {
    return now >= this.down[service];
  }

  /** Advance to `to`; returns the events until then, oldest first. */
  advance(to: number): OrderEvent[] {
    const from = this.now;
    if (this.runs("generator", to) && this.runs("spark_stream", to)) {
      for (let second = from; second < to; second += 1_000) {
        const share = Math.min(1_000, to - second) / 1_000;
        const orders = Math.floor(ordersPerSecond(second) * this.rate * share + this.random());
        for (let order = 0; order < orders; order += 1) this.place(second + this.random() * share * 1_000);
        if (this.random() < 0.03 * share) this.reject(second);
      }
    }
    this.now = to;
    const happened = this.due.filter((event) => Date.parse(event.event_time) <= to);
    this.due = this.due.filter((event) => Date.parse(event.event_time) > to);
    happened.sort((a, b) => (a.event_time < b.event_time ? -1 : 1));
    for (const { event_time, event_type, currency, amount } of happened) {
      const start = Math.floor(Date.parse(event_time) / MINUTE_MS) * MINUTE_MS;
      count(this.tally(start, currency as Code), event_type, Math.round(Number(amount) * 100));
    }
    this.events.push(...happened);
    if (this.events.length > 40_000) this.events.splice(0, 10_000);
    return happened;
  }

  /** Sums of the minute that begins at `start`, in milliseconds. */
  tally(start: number, currency: Code): Sums {
    const key = `${start}${currency}`;
    let made = this.tallies.get(key);
    if (!made) {
      made = start < this.detailFrom ? history(start, currency) : noSums();
      this.tallies.set(key, made);
    }
    return made;
  }

  private place(at: number): void {
    const random = this.random;
    const currency = random() < SHARE.VND ? "VND" : "USD";
    const amount = money(amountCents(random, currency));
    const user_id = `USR${between(random, 1_000, 4_999)}`;
    const payment_method = currency === "VND" ? "momo" : "card";
    this.nextOrder += 1;
    let time = at;
    for (const [type, after] of journey(random)) {
      time += after;
      this.due.push({
        id: digits(random, "xxxxxxxx-xxxx-4xxx-axxx-xxxxxxxxxxxx"),
        event_time: new Date(time).toISOString(),
        event_type: type,
        order_id: `ORD${this.nextOrder}`,
        user_id,
        amount,
        currency,
        status: EVENTS[type].status,
        ingest_time: new Date(time + between(random, 240, 900)).toISOString(),
        payment_method,
        channel: "web",
        country: currency === "VND" ? "VN" : "US",
        failure_reason: type === "payment_failed" ? "insufficient_funds" : "",
      });
    }
  }

  private reject(at: number): void {
    const [reason, detail, text] = REJECTS[between(this.random, 0, REJECTS.length - 1)] ?? ["not_json", null, ""];
    const payload = text.replace("%", digits(this.random, "xxxxxxxxxxxx"));
    this.rejected.push({
      topic: "events_raw",
      partition: between(this.random, 0, 2),
      offset: 880_000 + this.rejected.length,
      kafka_time: new Date(at).toISOString(),
      reason,
      detail,
      payload,
      payload_bytes: new TextEncoder().encode(payload).length,
      payload_truncated: false,
      payload_sha256: null,
      rejected_at: new Date(at + 400).toISOString(),
      replayed_at: null,
      source: this.rejected.length % 3 === 0 ? "stripe" : null,
      unmapped_reason: null,
    });
    if (this.rejected.length > 2_000) this.rejected.splice(0, 500);
  }
}

/** A past minute, the same at each request. */
function history(start: number, currency: Code): Sums {
  const random = createRandom((start / MINUTE_MS) * 2 + CURRENCIES.indexOf(currency));
  const orders = Math.round(ordersPerSecond(start) * 60 * SHARE[currency] * (0.8 + 0.4 * random()));
  const tally = noSums();
  for (let order = 0; order < orders; order += 1) {
    const cents = amountCents(random, currency);
    for (const [type] of journey(random)) count(tally, type, cents);
  }
  return tally;
}
