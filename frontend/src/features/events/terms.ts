/** The values that filters offer, in the order in which they are offered. */
import type { EventStatus, EventType, RejectReason } from "@/lib/types";

/** Fails to compile where the contract has a value that the list lacks. */
const all = <T extends string>() => <const L extends readonly T[]>(list: [T] extends [L[number]] ? L : never) => list;

export const EVENT_TYPES = all<EventType>()([
  "order_created",
  "payment_initiated",
  "payment_success",
  "payment_failed",
  "order_cancelled",
]);

export const STATUSES = all<EventStatus>()(["success", "pending", "failed"]);

export const REASONS = all<RejectReason>()([
  "not_utf8",
  "not_json",
  "not_an_object",
  "missing_field",
  "wrong_type",
  "bad_character",
  "bad_length",
  "not_allowed",
  "bad_event_time",
  "amount_negative",
  "amount_too_precise",
  "amount_too_large",
  "late",
  "future",
]);

export const SPANS = ["15m", "1h", "24h", "today"] as const;
/** A time range that ends now. */
export type Span = (typeof SPANS)[number];
