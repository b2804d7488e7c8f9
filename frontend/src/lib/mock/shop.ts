/**
 * A shop whose orders can be played: created, paid for or not, in two currencies, busier at noon and
 * in the evening. Before `start - DETAIL_MS` only minute sums exist; from then on, each event.
 */
import type { EventStatus, EventType, OrderEvent, RejectReason, RejectedRecord } from "../types";
import { createRandom, type Random } from "./random";

export const DETAIL_MS = 60 * 60_000;
export const MINUTE_MS = 60_000;

/** Sums of one minute and one currency. Money in cents, so that it adds up exactly. */
export interface Tally {
  revenue: number;
  order_value: number;
  orders_created: number;
  payments_initiated: number;
  payment_success: number;
  payment_failed: number;
  orders_cancelled: number;
}

const COLUMN = {
  order_created: "orders_created",
  payment_initiated: "payments_initiated",
  payment_success: "payment_success",
  payment_failed: "payment_failed",
  order_cancelled: "orders_cancelled",
} as const satisfies Record<EventType, keyof Tally>;

const STATUS = {
  order_created: "pending",
  payment_initiated: "pending",
  payment_success: "success",
  payment_failed: "failed",
  order_cancelled: "failed",
} as const satisfies Record<EventType, EventStatus>;

export const CURRENCIES = ["VND", "USD"] as const;
export type Code = (typeof CURRENCIES)[number];
const MEDIAN_CENTS = { VND: 420_000_00, USD: 38_00 } as const;

export const noTally = (): Tally => ({
  revenue: 0,
  order_value: 0,
  orders_created: 0,
  payments_initiated: 0,
  payment_success: 0,
  payment_failed: 0,
  orders_cancelled: 0,
});

/** Orders a second at a moment: a floor for the night, a bump for lunch, a higher one for the evening. */
export function ordersPerSecond(at: number): number {
  const hour = ((at / 3_600_000 + 7) % 24 + 24) % 24;
  const bump = (centre: number, width: number) => Math.exp(-(((hour - centre) / width) ** 2));
  return 0.5 + 1.2 * bump(11.5, 2.2) + 1.9 * bump(20, 2.6);
}

function amountCents(random: Random, currency: Code): number {
  const cents = Math.round(random.logNormal(MEDIAN_CENTS[currency], 0.7));
  return currency === "VND" ? Math.max(10_00, Math.round(cents / 1_000_00) * 1_000_00) : cents;
}

const currencyOf = (random: Random): Code => (random.next() < 0.72 ? "VND" : "USD");
export const money = (cents: number) => (cents / 100).toFixed(2);
const hex = (random: Random, digits: number) => Math.floor(random.next() * 16 ** digits).toString(16).padStart(digits, "0");

function uuid(random: Random): string {
  const tail = hex(random, 12);
  const head = hex(random, 12);
  return `${head.slice(0, 8)}-${head.slice(8)}-4${tail.slice(0, 3)}-a${tail.slice(3, 6)}-${tail.slice(6)}${head.slice(0, 6)}`;
}

const REJECTS: readonly [RejectReason, string, string][] = [
  ["missing_field", "orderId is missing", '{"id":"%","eventTime":"2026-01-01T00:00:00Z","eventType":"order_created","userId":"USR2210","amount":120000,"currency":"VND","status":"pending"}'],
  ["amount_negative", "amount is -12.5", '{"id":"%","eventType":"payment_success","orderId":"ORD100001","userId":"USR1001","amount":-12.5,"currency":"USD","status":"success"}'],
  ["not_json", "unexpected end of the text", '{"id":"%","eventTime":"2026-'],
  ["wrong_type", "amount is a string", '{"id":"%","orderId":"ORD100310","userId":"USR1456","amount":"99.00","currency":"USD","status":"pending"}'],
  ["not_allowed", "currency is EUR", '{"id":"%","orderId":"ORD100412","userId":"USR1700","amount":45,"currency":"EUR","status":"pending"}'],
  ["late", "6 min 12 s behind", '{"id":"%","eventType":"order_created","orderId":"ORD100020","userId":"USR1020","amount":310000,"currency":"VND","status":"pending"}'],
  ["not_utf8", "byte 14 is no UTF-8", '{"id":"%","note":"\ufffd\ufffd <b>not bold</b>"}'],
];

export class Shop {
  /** Newest last. */
  readonly events: OrderEvent[] = [];
  readonly rejected: RejectedRecord[] = [];
  rate = 1;
  /** Until when the generator and the stream are down, in milliseconds since 1970. */
  readonly down = { generator: 0, spark_stream: 0 };
  private readonly tallies = new Map<string, Tally>();
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

  /** Play on to `to`; what happened on the way, oldest first. */
  advance(to: number): OrderEvent[] {
    const from = this.now;
    if (this.runs("generator", to) && this.runs("spark_stream", to)) {
      for (let second = from; second < to; second += 1_000) {
        const share = Math.min(1_000, to - second) / 1_000;
        const orders = this.random.poisson(ordersPerSecond(second) * this.rate * share);
        for (let order = 0; order < orders; order += 1) this.place(second + this.random.next() * share * 1_000);
        if (this.random.next() < 0.03 * share) this.reject(second);
      }
    }
    this.now = to;
    const happened = this.due.filter((event) => Date.parse(event.event_time) <= to);
    this.due = this.due.filter((event) => Date.parse(event.event_time) > to);
    happened.sort((a, b) => (a.event_time < b.event_time ? -1 : 1));
    for (const event of happened) this.count(event);
    this.events.push(...happened);
    if (this.events.length > 40_000) this.events.splice(0, 10_000);
    return happened;
  }

  /** Sums of the minute that begins at `start`, in milliseconds. */
  tally(start: number, currency: Code): Tally {
    if (start >= this.detailFrom) return this.tallies.get(`${start}${currency}`) ?? noTally();
    const key = `${start}${currency}`;
    let made = this.tallies.get(key);
    if (!made) {
      made = history(start, currency);
      this.tallies.set(key, made);
    }
    return made;
  }

  private place(at: number): void {
    const random = this.random;
    const currency = currencyOf(random);
    this.nextOrder += 1;
    const base = {
      order_id: `ORD${this.nextOrder}`,
      user_id: `USR${random.int(1_000, 4_999)}`,
      amount: money(amountCents(random, currency)),
      currency,
    };
    const add = (type: EventType, time: number) => {
      const iso = new Date(time).toISOString();
      this.due.push({
        ...base,
        id: uuid(random),
        event_type: type,
        event_time: iso,
        status: STATUS[type],
        ingest_time: new Date(time + random.int(240, 900)).toISOString(),
      });
    };
    add("order_created", at);
    const paid = at + random.int(1_500, 9_000);
    const outcome = random.next();
    if (outcome > 0.93) {
      add("order_cancelled", at + random.int(5_000, 40_000));
      return;
    }
    add("payment_initiated", paid);
    if (outcome < 0.74) add("payment_success", paid + random.int(900, 7_000));
    else if (outcome < 0.83) add("payment_failed", paid + random.int(900, 7_000));
    else if (outcome < 0.87) add("order_cancelled", paid + random.int(8_000, 60_000));
  }

  private count(event: OrderEvent): void {
    const start = Math.floor(Date.parse(event.event_time) / MINUTE_MS) * MINUTE_MS;
    const key = `${start}${event.currency}`;
    const tally = this.tallies.get(key) ?? noTally();
    const cents = Math.round(Number(event.amount) * 100);
    tally[COLUMN[event.event_type]] += 1;
    if (event.event_type === "payment_success") tally.revenue += cents;
    if (event.event_type === "order_created") tally.order_value += cents;
    this.tallies.set(key, tally);
  }

  private reject(at: number): void {
    const [reason, detail, text] = REJECTS[this.random.int(0, REJECTS.length - 1)] ?? ["not_json", "", ""];
    const payload = text.replace("%", hex(this.random, 12));
    this.rejected.push({
      topic: "events_raw",
      partition: this.random.int(0, 2),
      offset: 880_000 + this.rejected.length,
      kafka_time: new Date(at).toISOString(),
      reason,
      detail,
      payload,
      payload_bytes: new TextEncoder().encode(payload).length,
      payload_truncated: false,
      rejected_at: new Date(at + 400).toISOString(),
      replayed_at: null,
    });
    if (this.rejected.length > 2_000) this.rejected.splice(0, 500);
  }
}

/** A minute of long ago, the same each time it is asked for. */
function history(start: number, currency: Code): Tally {
  const random = createRandom(Math.floor(start / MINUTE_MS) * 2 + (currency === "VND" ? 0 : 1));
  const orders = random.poisson(ordersPerSecond(start) * 60 * (currency === "VND" ? 0.72 : 0.28));
  const tally = noTally();
  for (let order = 0; order < orders; order += 1) {
    const cents = amountCents(random, currency);
    const outcome = random.next();
    tally.orders_created += 1;
    tally.order_value += cents;
    if (outcome <= 0.93) tally.payments_initiated += 1;
    if (outcome < 0.74) {
      tally.payment_success += 1;
      tally.revenue += cents;
    } else if (outcome < 0.83) tally.payment_failed += 1;
    else if (outcome < 0.87 || outcome > 0.93) tally.orders_cancelled += 1;
  }
  return tally;
}
