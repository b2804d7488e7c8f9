/**
 * The live tail as a pure state machine. New events either join the list at once or, while the user
 * reads, wait until they are added. If the stream did not send every event, or too many wait,
 * the list must be reloaded to be complete: `gap` is then set.
 */
import type { EventBatch, OrderEvent } from "@/lib/types";

export interface Tail {
  /** Events above the loaded pages, newest first. */
  readonly rows: readonly OrderEvent[];
  readonly waiting: readonly OrderEvent[];
  /** Number of waiting events, sent by the stream or not. */
  readonly waitingCount: number;
  /** Whether `waitingCount` is only a lower bound: the stream left out some that may match the filters. */
  readonly atLeast: boolean;
  /** Whether the stream currently leaves out events. */
  readonly sampled: boolean;
  /** Whether events are missing from the list. */
  readonly gap: boolean;
  /** Totals and times of the last messages, for the rate. */
  readonly heard: readonly { readonly at: number; readonly seen: number }[];
}

export const EMPTY_TAIL: Tail = {
  rows: [],
  waiting: [],
  waitingCount: 0,
  atLeast: false,
  sampled: false,
  gap: false,
  heard: [],
};

/** Maximum rows above the pages; more are reloaded. */
export const MOST_ROWS = 200;
const RATE_MS = 10_000;
/** Longer than a batch takes from the start of its transaction, which stamps `ingest_time`, to its end. */
const COMMIT_MS = 5_000;

export type TailAction =
  | {
      readonly kind: "batch";
      readonly batch: EventBatch;
      /** Whether an event belongs to the list. */
      readonly passes: (event: OrderEvent) => boolean;
      /** Whether `passes` accepts every event. */
      readonly all: boolean;
      /** Whether new events have to wait. */
      readonly hold: boolean;
      readonly at: number;
    }
  | { readonly kind: "release" }
  /** The connection was interrupted: events may have been missed. */
  | { readonly kind: "missed" }
  /** The list was reloaded at `asOf`, perhaps with other filters. */
  | { readonly kind: "restart"; readonly asOf: string; readonly passes: (event: OrderEvent) => boolean };

function unknown(events: readonly OrderEvent[], ...known: readonly (readonly OrderEvent[])[]): OrderEvent[] {
  const ids = new Set(known.flat().map((event) => event.id));
  return events.filter((event) => !ids.has(event.id));
}

export function tailReducer(tail: Tail, action: TailAction): Tail {
  switch (action.kind) {
    case "restart": {
      // Events committed during the reload may be missing in it. Duplicates do no harm.
      const since = Date.parse(action.asOf) - COMMIT_MS;
      const rows = [...tail.waiting, ...tail.rows].filter(
        (event) => Date.parse(event.ingest_time) >= since && action.passes(event),
      );
      return { ...EMPTY_TAIL, rows, sampled: tail.sampled, heard: tail.heard };
    }
    case "missed":
      return { ...tail, gap: true, atLeast: true };
    case "release": {
      const rows = [...tail.waiting, ...tail.rows];
      const gap = tail.gap || rows.length > MOST_ROWS || tail.waitingCount > tail.waiting.length;
      return { ...tail, rows: rows.slice(0, MOST_ROWS), waiting: [], waitingCount: 0, atLeast: false, gap };
    }
    case "batch": {
      const { batch, at } = action;
      const fresh = unknown(batch.items.filter(action.passes), tail.rows, tail.waiting);
      const heard = [...tail.heard.filter((one) => one.at > at - RATE_MS), { at, seen: batch.seen }];
      const next = { ...tail, sampled: batch.sampled, heard };
      if (!action.hold) {
        const rows = [...fresh, ...tail.rows];
        const gap = tail.gap || batch.sampled || rows.length > MOST_ROWS;
        return { ...next, rows: rows.slice(0, MOST_ROWS), gap };
      }
      const hidden = action.all ? Math.max(fresh.length, batch.seen) : fresh.length;
      const waiting = [...fresh, ...tail.waiting];
      return {
        ...next,
        waiting: waiting.slice(0, MOST_ROWS),
        waitingCount: tail.waitingCount + hidden,
        atLeast: tail.atLeast || (batch.sampled && !action.all),
        gap: tail.gap || (batch.sampled && !action.all),
      };
    }
  }
}

/** Recent events a second in the stream; null until there is enough data. */
export function rateOf(heard: Tail["heard"], now: number): number | null {
  const recent = heard.filter((one) => one.at > now - RATE_MS);
  const first = recent[0];
  if (!first || recent.length < 3) return null;
  const seconds = Math.max(1, (now - first.at) / 1_000);
  return recent.slice(1).reduce((sum, one) => sum + one.seen, 0) / seconds;
}

/** The tail above the pages, each event once, newest event time first. An event older than all loaded
 * ones belongs to a later page, unless the last page was loaded.
 */
export function merge(
  tail: readonly OrderEvent[],
  pages: readonly OrderEvent[],
  hasMore: boolean,
): readonly OrderEvent[] {
  const fresh = unknown(tail, pages);
  if (fresh.length === 0) return pages;
  const time = (event: OrderEvent) => Date.parse(event.event_time);
  const last = pages.at(-1);
  const floor = hasMore && last ? time(last) : -Infinity;
  const above = fresh.filter((event) => time(event) >= floor);
  const newest = pages[0];
  if (!newest || above.every((event) => time(event) >= time(newest))) {
    return [...above.sort((a, b) => time(b) - time(a)), ...pages];
  }
  return [...above, ...pages].sort((a, b) => time(b) - time(a));
}
