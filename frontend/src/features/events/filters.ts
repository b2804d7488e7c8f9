/** From the address to what the API is asked, and which live events belong to it. */
import type { EventFilters, RejectedFilters } from "@/lib/api";
import type { OrderEvent } from "@/lib/types";
import { startOfDay } from "@/lib/zone";

import type { EventsSearch } from "./search";
import type { Span } from "./terms";

const MINUTE_MS = 60_000;
const LENGTH_MS = { "15m": 15 * MINUTE_MS, "1h": 60 * MINUTE_MS, "24h": 1_440 * MINUTE_MS } as const;

/** Where a span that ends now begins, on a full minute, so that one question is not asked in many ways. */
export function spanStart(span: Span, now: number, timeZone: string): string {
  const at = span === "today" ? startOfDay(now, timeZone) : Math.floor((now - LENGTH_MS[span]) / MINUTE_MS) * MINUTE_MS;
  return new Date(at).toISOString();
}

function times(search: EventsSearch, now: number, timeZone: string): { from?: string; to?: string } {
  if (search.span) return { from: spanStart(search.span, now, timeZone) };
  return {
    ...(search.from === undefined ? {} : { from: search.from }),
    ...(search.to === undefined ? {} : { to: search.to }),
  };
}

export function toEventFilters(search: EventsSearch, now: number, timeZone: string): EventFilters {
  return {
    ...(search.type ? { event_type: search.type } : {}),
    ...(search.status ? { status: search.status } : {}),
    ...(search.currency ? { currency: search.currency } : {}),
    ...(search.order === undefined ? {} : { order_id: search.order }),
    ...(search.user === undefined ? {} : { user_id: search.user }),
    ...(search.q === undefined ? {} : { q: search.q }),
    ...times(search, now, timeZone),
  };
}

export function toRejectedFilters(search: EventsSearch, now: number, timeZone: string): RejectedFilters {
  return { ...(search.reason ? { reason: search.reason } : {}), ...times(search, now, timeZone) };
}

/**
 * Whether a live event passes the filters, by the server's rules: free text begins an id, an order or
 * a user as it stands, in capitals or in small letters.
 */
export function passes(event: OrderEvent, filters: EventFilters): boolean {
  const among = (value: string, wanted: readonly string[] | undefined) => !wanted || wanted.includes(value);
  const { q } = filters;
  const at = Date.parse(event.event_time);
  return (
    among(event.event_type, filters.event_type) &&
    among(event.status, filters.status) &&
    among(event.currency, filters.currency) &&
    (filters.order_id === undefined || event.order_id === filters.order_id) &&
    (filters.user_id === undefined || event.user_id === filters.user_id) &&
    (q === undefined ||
      [q, q.toLowerCase(), q.toUpperCase()].some((start) =>
        [event.id, event.order_id, event.user_id].some((id) => id.startsWith(start)),
      )) &&
    (filters.from === undefined || at >= Date.parse(filters.from)) &&
    (filters.to === undefined || at < Date.parse(filters.to))
  );
}

/** Whether anything but the newest is asked for by time: then no new event can belong. */
export const isPast = (filters: EventFilters, now: number) => filters.to !== undefined && Date.parse(filters.to) <= now;
