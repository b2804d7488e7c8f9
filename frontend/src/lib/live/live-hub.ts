/** Joins a live connection to the query cache, and keeps what the freshness indicator needs. */
import type { QueryClient } from "@tanstack/react-query";

import type { Api, LinkState, LiveConnection, LiveMessage, LiveOptions, RangeQuery } from "../api";
import { advanceSeries, EMPTY_TICKER, keys, patchHealth, patchSeries, patchTicker, type Ticker } from "../cache";
import { createClockOffset } from "./clock-offset";
import { createStore, type Store } from "../store";
import type { EventBatch, Freshness, Health, TimeSeries } from "../types";

export interface LiveStatus extends LinkState {
  readonly newestEventTime: number | null;
  /** Whether the server calls its newest event too old. */
  readonly stale: boolean;
  /** Why no new data may arrive, according to the server. */
  readonly pipeline: Freshness["pipeline"];
  /** When the last message or response came, in milliseconds since 1970. */
  readonly heardAt: number | null;
  /** The server's clock minus this one, in milliseconds. */
  readonly clockOffsetMs: number;
}

const IDLE: LiveStatus = {
  phase: "connecting",
  reason: null,
  retryAt: null,
  newestEventTime: null,
  stale: false,
  pipeline: "running",
  heardAt: null,
  clockOffsetMs: 0,
};

export interface LiveHub {
  readonly status: Store<LiveStatus>;
  /** Listen to what a page needs; replaces the previous subscription. */
  listen(options: LiveOptions): () => void;
  retry(): void;
  /** The current time by the server's clock, in milliseconds since 1970. */
  now(): number;
  /** Record the freshness of a response from any source; `at`: when it came, in milliseconds since 1970. */
  note(freshness: Freshness, at?: number): void;
  /** Subscribe to every message of events, for the live tail. */
  onEvents(listener: (batch: EventBatch) => void): () => void;
}

export function createLiveHub(api: Api, client: QueryClient): LiveHub {
  const status = createStore(IDLE);
  const offset = createClockOffset();
  const eventListeners = new Set<(batch: EventBatch) => void>();
  let connection: LiveConnection | null = null;

  function note(freshness: Freshness, at = Date.now()): void {
    offset.sample(Date.parse(freshness.as_of), at);
    const newest = freshness.newest_event_time === null ? null : Date.parse(freshness.newest_event_time);
    const before = status.get();
    status.set({
      ...before,
      newestEventTime: newest === null ? before.newestEventTime : Math.max(newest, before.newestEventTime ?? 0),
      ...(at < (before.heardAt ?? 0) ? {} : { stale: freshness.stale, pipeline: freshness.pipeline }),
      heardAt: Math.max(at, before.heardAt ?? 0),
      clockOffsetMs: offset.ms(),
    });
  }

  function take(message: LiveMessage, options: LiveOptions): void {
    if ("data" in message) note(message.data);
    switch (message.kind) {
      case "kpi":
        client.setQueryData(keys.kpi(options.range), message.data);
        renewOnNewDay(options.range, message.data.current.range.start);
        break;
      case "windows":
        client.setQueryData<TimeSeries>(keys.series(options.range), (old) => old && patchSeries(old, message.data));
        break;
      case "events":
        client.setQueryData<Ticker>(keys.ticker, (old) => patchTicker(old ?? EMPTY_TICKER, message.data));
        for (const listener of eventListeners) listener(message.data);
        break;
      case "health":
        client.setQueryData<Health>(keys.health, (old) => old && patchHealth(old, message.data));
        break;
      case "beat":
        // A quiet shop has no windows to send, but time passes. Without a subscription to windows,
        // their absence means nothing.
        if (!options.topics.includes("windows")) break;
        client.setQueryData<TimeSeries>(keys.series(options.range), (old) => old && advanceSeries(old, message.data));
        break;
      case "opened":
        // Data read well before the connection opened may lack commits in between; the
        // server sends a new client the changes of the last seconds, and `resync` if it cannot.
        // Requests that failed while the server was down may succeed now.
        void client.invalidateQueries({
          predicate: ({ queryKey, state }) =>
            state.status === "error" || (LIVE_KEYS.has(queryKey[0]) && state.dataUpdatedAt < Date.now() - CAUGHT_UP_MS),
        });
        break;
      case "poll":
        void client.invalidateQueries({ predicate: ({ queryKey }) => LIVE_KEYS.has(queryKey[0]) });
        break;
      case "resync":
        void client.invalidateQueries();
        break;
    }
  }

  /** A new day began for `today`: its series must be reloaded, since messages only add to one. */
  function renewOnNewDay(range: RangeQuery, start: string): void {
    const series = client.getQueryData<TimeSeries>(keys.series(range));
    if (range.range !== "today" || !series || Date.parse(series.range.start) >= Date.parse(start)) return;
    void client.invalidateQueries({ queryKey: keys.series(range) }, { cancelRefetch: false });
  }

  return {
    status,
    now: () => Date.now() + offset.ms(),
    note,
    retry: () => connection?.retry(),
    onEvents: (listener) => {
      eventListeners.add(listener);
      return () => eventListeners.delete(listener);
    },
    listen: (options) => {
      const mine = api.live(options, {
        onState: (state) => status.set({ ...status.get(), ...state }),
        onMessage: (message) => take(message, options),
      });
      connection?.close();
      connection = mine;
      return () => {
        mine.close();
        if (connection === mine) connection = null;
      };
    },
  };
}

const CAUGHT_UP_MS = 8_000;
const LIVE_KEYS = new Set<unknown>(["kpi", "series", "health", "ticker"]);
