/** The page's URL parameters: filters, tab, and the drawer's content. Others are dropped. */
import type { EventStatus, EventType, RejectReason } from "@/lib/types";

import { EVENT_TYPES, REASONS, SPANS, type Span, STATUSES } from "./terms";

export interface EventsSearch {
  readonly tab?: "rejected";
  readonly type?: readonly EventType[];
  readonly status?: readonly EventStatus[];
  readonly currency?: readonly string[];
  readonly order?: string;
  readonly user?: string;
  /** Free text: the beginning of an id, an order or a user. */
  readonly q?: string;
  readonly span?: Span;
  /** ISO 8601 in UTC; `from` is inclusive, `to` is not. */
  readonly from?: string;
  readonly to?: string;
  readonly reason?: readonly RejectReason[];
  /** Names of the sources and senders of rejected records. */
  readonly source?: readonly string[];
  /** Id of the event in the drawer. */
  readonly event?: string;
  /** Key of the rejected record in the drawer, by `recordKey`. */
  readonly record?: string;
}

/** Code points, as the API and the contract count. */
export const LONGEST_ID = 50;
/** Kafka's topic names have at most 249 characters; a partition, an offset and a time follow. */
const LONGEST_KEY = 300;

/** The exact text: an id may start or end with a space. */
function text(value: unknown, longest = LONGEST_ID): string | undefined {
  if (typeof value !== "string" || value === "" || value.includes("\0")) return undefined;
  return Array.from(value).length > longest ? undefined : value;
}

/** Free text; only spaces match nothing. */
const freeText = (value: unknown) => (typeof value === "string" && value.trim() === "" ? undefined : text(value));

/** Typed or pasted text, cut to the longest id. */
export const clip = (value: string) => Array.from(value).slice(0, LONGEST_ID).join("");

/** A list, one value, or several separated by commas; in the order of `known`, without unknown ones. */
function among<T extends string>(value: unknown, known: readonly T[]): readonly T[] | undefined {
  const parts: readonly unknown[] = Array.isArray(value) ? value : typeof value === "string" ? value.split(",") : [];
  const found = known.filter((one) => parts.includes(one));
  return found.length === 0 ? undefined : found;
}

function matching(value: unknown, pattern: RegExp): readonly string[] | undefined {
  const parts: readonly unknown[] = Array.isArray(value) ? value : typeof value === "string" ? value.split(",") : [];
  const found = parts.filter((part): part is string => typeof part === "string" && pattern.test(part));
  return found.length === 0 ? undefined : [...new Set(found)].sort();
}

function instant(value: unknown): string | undefined {
  if (typeof value !== "string" || !/^\d{4}-\d\d-\d\dT/.test(value)) return undefined;
  // An unencoded plus sign in a URL is a space.
  const at = Date.parse(value.replace(/ (?=\d\d:\d\d$)/, "+"));
  return Number.isNaN(at) ? undefined : new Date(at).toISOString();
}

/** The entries that are set. */
function compact(search: { readonly [K in keyof EventsSearch]: EventsSearch[K] | undefined }): EventsSearch {
  return Object.fromEntries(Object.entries(search).filter(([, value]) => value !== undefined));
}

export function parseSearch(raw: Readonly<Record<string, unknown>>): EventsSearch {
  const span = SPANS.find((one) => one === raw["span"]);
  const from = span ? undefined : instant(raw["from"]);
  const to = span ? undefined : instant(raw["to"]);
  return compact({
    tab: raw["tab"] === "rejected" ? "rejected" : undefined,
    type: among(raw["type"], EVENT_TYPES),
    status: among(raw["status"], STATUSES),
    currency: matching(raw["currency"], /^[A-Z]{3}$/),
    order: text(raw["order"]),
    user: text(raw["user"]),
    q: freeText(raw["q"]),
    span,
    from,
    // A range that ends before it begins is invalid.
    to: from !== undefined && to !== undefined && to <= from ? undefined : to,
    reason: among(raw["reason"], REASONS),
    source: matching(raw["source"], /^[a-z][a-z0-9-]{0,38}$/),
    event: text(raw["event"]),
    record: text(raw["record"], LONGEST_KEY),
  });
}

/** The search with some entries changed; undefined and empty ones are removed. */
export function change(
  search: EventsSearch,
  next: { readonly [K in keyof EventsSearch]?: EventsSearch[K] | undefined },
): EventsSearch {
  return parseSearch({ ...search, ...next });
}

const FILTERS = ["type", "status", "currency", "order", "user", "q", "span", "from", "to"] as const;
const REJECTED_FILTERS = ["reason", "source", "span", "from", "to"] as const;

/** The names of the visible tab's filters. */
export const filterNames = (search: EventsSearch) => (search.tab === "rejected" ? REJECTED_FILTERS : FILTERS);

/** Only the visible tab's filters. */
export function filtersOf(search: EventsSearch): EventsSearch {
  return compact(Object.fromEntries(filterNames(search).map((name) => [name, search[name]])));
}

export const isFiltered = (search: EventsSearch) => filterNames(search).some((name) => search[name] !== undefined);

/** The search without any filter of its tab. */
export function cleared(search: EventsSearch): EventsSearch {
  return change(search, Object.fromEntries(filterNames(search).map((name) => [name, undefined])));
}
