/** The sources of the simulated platform: one shop that is well, one gateway with faults, others not connected. */
import { ApiError } from "../api";
import type {
  FailedMessage,
  RunOutcome,
  SourceList,
  SourceStatus,
  TriedEvent,
  TriedField,
  TryRequest,
  TryResult,
} from "../types";

const MINUTE_MS = 60_000;
const KEPT = 50;
const NOTHING = { accepted: 0, rejected: 0, unmapped: 0, without_event: 0, refused: 0 };

const source = (name: string, title: string, steps: string[], of: Partial<SourceStatus> = {}): SourceStatus => ({
  name,
  title,
  fault: null,
  own: false,
  connected: false,
  secret_set: false,
  address: `https://shop.example.org/v1/sources/${name}`,
  method: "POST",
  payload: "json",
  headers: [],
  steps: [...steps, `Give its secret to \`orderpulse source secret ${name}\`.`],
  steps_vi: [
    `Trong trang cài đặt của ${title}, thêm một webhook với địa chỉ ở trên.`,
    `Nhập khóa bí mật vào lệnh \`orderpulse source secret ${name}\`.`,
  ],
  last_received_at: null,
  last_hour: NOTHING,
  last_refused: null,
  waiting: 0,
  ...of,
});

/** How long the simulated run takes that maps messages again. */
const MAPPING_MS = 6_000;

/** Of the gateway with faults: one message maps by now, the other does not. */
export const runOutcome = (startedAt: number, now: number): RunOutcome =>
  now - startedAt < MAPPING_MS
    ? { state: "underway", replay: null }
    : {
        state: "succeeded",
        replay: {
          judged: 2,
          mapped: 1,
          without_event: 0,
          unmapped: 1,
          admitted: 1,
          duplicate: 0,
          refused: 0,
          expired: 0,
          cut: 0,
        },
      };

export function sourceList(now: number, waiting = 2): SourceList {
  const ago = (ms: number) => new Date(now - ms).toISOString();
  return {
    since: ago(9 * 60 * MINUTE_MS),
    sources: [
      source("stripe", "Stripe", ["In Stripe's dashboard open Developers, Webhooks, and add an endpoint."], {
        connected: true,
        secret_set: true,
        last_received_at: ago(41_000),
        last_hour: { accepted: 214, rejected: 3, unmapped: 2, without_event: 57, refused: 4 },
        waiting,
        last_refused: {
          at: ago(12 * MINUTE_MS),
          code: "wrong",
          detail: "The signature does not match: the secret differs, or the request was changed on its way.",
        },
      }),
      source(
        "woocommerce",
        "WooCommerce",
        [
          "In WordPress open WooCommerce, Settings, Advanced, Webhooks, and add two webhooks with the address above.",
          "One has the topic Order created, the other Order updated.",
        ],
        {
          connected: true,
          secret_set: true,
          headers: ["x-wc-webhook-topic"],
          last_received_at: ago(3_000),
          last_hour: { ...NOTHING, accepted: 1_482, without_event: 211 },
        },
      ),
      source("momo", "MoMo", ["Send the address above as `ipnUrl` with each payment."]),
      source("paypal", "PayPal", ["In PayPal's developer dashboard add a webhook with the address above."]),
      source("shopify", "Shopify", ["In Shopify's admin open Settings, Notifications, Webhooks."]),
      source("vnpay", "VNPay", ["Give VNPay the address above as your IPN URL."], { method: "GET", payload: "query" }),
      source("zalopay", "ZaloPay", ["Send the address above as `callback_url` with each order."]),
    ],
    senders: [{ name: "till", last_received_at: ago(8_000), received: 96, rejected: 2, accepted: 94 }],
  };
}

const charge = (object: object) =>
  JSON.stringify({ id: "evt_1Q", type: "payment_intent.succeeded", created: 1_772_357_400, data: { object } });

/** Of the gateway with faults; what was mapped again is gone. */
export function failedMessages(name: string, now: number, mapped = false) {
  const message = (
    minutes: number,
    outcome: FailedMessage["outcome"],
    reason: string,
    detail: string,
    payload: string,
  ): FailedMessage => ({
    received_at: new Date(now - minutes * MINUTE_MS).toISOString(),
    outcome,
    reason,
    detail,
    payload,
    payload_bytes: payload.length,
    payload_truncated: false,
  });
  const items =
    name === "stripe"
      ? [
          message(
            4,
            "unmapped",
            "no_amount",
            "amount: nothing at `body.data.object.amount_received`",
            charge({ id: "pi_3Qy", currency: "usd" }),
          ),
          message(
            9,
            "rejected",
            "currency",
            "currency: 'JPY' is not one of ['VND', 'USD']",
            charge({ id: "pi_3Qx", currency: "jpy", amount_received: 1_800 }),
          ),
          message(
            38,
            "rejected",
            "late",
            "eventTime: if sent now, it would be late: more than 0:05:00 ago",
            charge({ id: "pi_3Qw", currency: "usd", amount_received: 12_995 }),
          ),
        ]
      : [];
  const left = items.filter(({ outcome }) => !(mapped && outcome === "unmapped"));
  return { since: sourceList(now).since, limit: KEPT, items: left };
}

/** A rough imitation: any JSON object is a payment. */
export function tryMessage(name: string, { payload }: TryRequest, now: number): TryResult {
  if (!sourceList(now).sources.some((one) => one.name === name)) throw new ApiError(404, "There is no such source.");
  let body: unknown;
  try {
    body = JSON.parse(payload);
  } catch {
    const detail = "the body is not JSON: Expecting value: line 1 column 1 (char 0)";
    return { outcome: "unmapped", reason: "not_json", detail, events: [] };
  }
  const currency = JSON.stringify(body).includes("jpy") ? "JPY" : "USD";
  const fault = currency === "JPY" ? "'JPY' is not one of ['VND', 'USD']" : null;
  const field = (of: string, value: string, origin: string[], more: Partial<TriedField> = {}): TriedField => ({
    name: of,
    value,
    origin,
    fault: null,
    timing: null,
    ...more,
  });
  const event: TriedEvent = {
    accepted: fault === null,
    fields: [
      field("id", "c875c25f-b07a-5875-9c17-7a448fd199e1", ["body.data.object.id"]),
      field("eventTime", "2026-03-01T09:30:00.000000Z", ["body.created"], { timing: "late" }),
      field("eventType", "payment_success", []),
      field("orderId", "ORD1001", ["body.data.object.metadata.order_id || body.data.object.id"]),
      field("userId", "cus_Alice01", ["body.data.object.customer"]),
      field("amount", "129.95", ["body.data.object.amount_received"]),
      field("currency", currency, ["body.data.object.currency"], { fault }),
      field("status", "success", ["eventType"]),
    ],
  };
  return { outcome: "events", reason: null, detail: null, events: [event] };
}
