/** From the address to what the API is asked. */
import type { EventFilters, RejectedFilters } from "@/lib/api";
import { startOfDay } from "@/lib/locale/zone";

import type { EventsSearch } from "../search";
import type { Span } from "../terms";

const MINUTE_MS = 60_000;
const LENGTH_MS = { "15m": 15 * MINUTE_MS, "1h": 60 * MINUTE_MS, "24h": 1_440 * MINUTE_MS } as const;

/** Start of a span that ends now: the full minute at which the dashboard's range of that name begins, so that
 * list and file contain what the card counts.
 */
export function spanStart(span: Span, now: number, timeZone: string): string {
  const at = span === "today" ? startOfDay(now, timeZone) : Math.ceil((now - LENGTH_MS[span]) / MINUTE_MS) * MINUTE_MS;
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
  return {
    ...(search.reason ? { reason: search.reason } : {}),
    ...(search.source ? { source: search.source } : {}),
    ...times(search, now, timeZone),
  };
}

/** Whether anything but the newest is asked for by time: then no new event can belong. */
export const isPast = (filters: EventFilters, now: number) => filters.to !== undefined && Date.parse(filters.to) <= now;
