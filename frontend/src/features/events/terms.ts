/** The filters' options in their order. */
import { EVENTS } from "@/lib/kpis.gen";
import type { EventStatus, EventType, RejectReason } from "@/lib/types";

/** Fails to compile if the list lacks a value of the contract. */
const all =
  <T extends string>() =>
  <const L extends readonly T[]>(list: [T] extends [L[number]] ? L : never) =>
    list;

export const EVENT_TYPES = Object.keys(EVENTS) as EventType[];

export const STATUSES = all<EventStatus>()(["success", "pending", "failed"]);

export const REASONS = all<RejectReason>()([
  "too_large",
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
