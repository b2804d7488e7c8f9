/** Sources and what came from them, to test with. */
import type { FailedMessage, SourceStatus, TriedEvent, TriedField } from "@/lib/types";

import { at } from "./fixtures";

export const source = (name: string, of: Partial<SourceStatus> = {}): SourceStatus => ({
  name,
  title: name,
  fault: null,
  own: false,
  connected: false,
  secret_set: false,
  address: `https://shop.example.org/v1/sources/${name}`,
  method: "POST",
  payload: "json",
  headers: [],
  steps: ["Step one."],
  steps_vi: [],
  last_received_at: null,
  last_hour: { accepted: 0, rejected: 0, unmapped: 0, without_event: 0, refused: 0 },
  last_refused: null,
  waiting: 0,
  ...of,
});

export const failedMessage = (of: Partial<FailedMessage> = {}): FailedMessage => ({
  received_at: at(-60),
  outcome: "unmapped",
  reason: "no_amount",
  detail: "amount: nothing at `body.amount`",
  payload: '{"id":7}',
  payload_bytes: 8,
  payload_truncated: false,
  ...of,
});

const field = (name: string, value: string, origin: string[], of: Partial<TriedField> = {}): TriedField => ({
  name,
  value,
  origin,
  fault: null,
  timing: null,
  ...of,
});

/** An event whose currency is refused. */
export const triedEvent = (): TriedEvent => ({
  accepted: false,
  fields: [
    field("eventTime", "2026-03-01T09:30:00.000000Z", ["body.created"], { timing: "late" }),
    field("eventType", "payment_success", []),
    field("amount", "129.95", ["body.total"]),
    field("currency", "JPY", ["body.currency"], { fault: "'JPY' is not one of ['VND', 'USD']" }),
  ],
});
