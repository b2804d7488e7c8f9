/** Which events belong to a list: the server's rules, for events that come live and for the simulated shop. */
import type { EventFilters } from "./api";
import type { OrderEvent } from "./types";

/** The variants of free text, by the server's rule: with and without surrounding spaces, in either case. */
const spellings = (q: string) => [q, q.trim()].flatMap((one) => [one, one.toLowerCase(), one.toUpperCase()]);

/** Whether a live event matches the filters, by the server's rules: free text is a prefix of an id, an order or a user. */
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
      spellings(q).some((start) => [event.id, event.order_id, event.user_id].some((id) => id.startsWith(start)))) &&
    (filters.from === undefined || at >= Date.parse(filters.from)) &&
    (filters.to === undefined || at < Date.parse(filters.to))
  );
}
