/** The whole API in the browser, over a simulated shop: for trying the dashboard without a platform. */
import { type Api, ApiError, type EventFilters, type LiveHandlers, type LiveOptions, type PageQuery } from "../api";
import { saveBlob } from "../download";
import { EVENTS } from "../kpis.gen";
import { passes } from "../passes";
import type { OrderEvent, OrderJourney } from "../types";
import { breakdown } from "./breakdowns";
import { health, healthSummary } from "./health";
import { freshness, kpiReport, kpiWindow, timeSeries } from "./reports";
import { MINUTE_MS, Shop } from "./shop";
import { failedMessages, runOutcome, sourceList, tryMessage } from "./sources";

const SEED = 20_261_122;
const BATCH_MS = 600;
const BEAT_MS = 5_000;
const ANSWER_MS = 60;
const RESTART_MS = 6_000;

function page<T>(newestFirst: readonly T[], keyOf: (item: T) => string, { cursor, limit = 100 }: PageQuery) {
  const from = cursor ? newestFirst.findIndex((item) => keyOf(item) === cursor) + 1 : 0;
  const items = newestFirst.slice(from, from + limit);
  const last = items.at(-1);
  return { items, next_cursor: last && from + limit < newestFirst.length ? keyOf(last) : null };
}

export function createMockApi(clock: () => number = Date.now): Api {
  const shop = new Shop(SEED, clock());
  const batchListeners = new Set<(events: OrderEvent[]) => void>();
  let timer: ReturnType<typeof setInterval> | null = null;

  const advance = () => {
    const events = shop.advance(clock());
    for (const listener of batchListeners) listener(events);
  };
  const answer = async <T>(make: () => T, signal?: AbortSignal): Promise<T> => {
    await new Promise((resolve) => setTimeout(resolve, ANSWER_MS));
    signal?.throwIfAborted();
    advance();
    return make();
  };
  const found = (filters: EventFilters) => shop.events.filter((event) => passes(event, filters)).reverse();
  const one = <T>(item: T | undefined, what: string): T => {
    if (item === undefined) throw new ApiError(404, `There is no ${what}.`);
    return item;
  };

  function journey(orderId: string): OrderJourney {
    const events = shop.events.filter((event) => event.order_id === orderId);
    const last = one(events.at(-1), `order ${orderId}`);
    return {
      ...freshness(shop, clock()),
      order_id: orderId,
      outcome: EVENTS[last.event_type].outcome,
      events,
      truncated: false,
    };
  }

  function live({ range, topics }: LiveOptions, handlers: LiveHandlers) {
    const wants = new Set<string>(topics);
    const onBatch = (events: OrderEvent[]) => {
      const now = clock();
      if (events.length === 0) return;
      const starts = new Set(events.map((event) => Math.floor(Date.parse(event.event_time) / MINUTE_MS) * MINUTE_MS));
      const fresh = freshness(shop, now);
      if (wants.has("windows")) {
        handlers.onMessage({
          kind: "windows",
          data: { ...fresh, windows: [...starts].map((start) => kpiWindow(shop, start, now)) },
        });
      }
      if (wants.has("kpi")) handlers.onMessage({ kind: "kpi", data: kpiReport(shop, range, now) });
      if (wants.has("events")) {
        const items = events.slice(-20).reverse();
        handlers.onMessage({
          kind: "events",
          data: { ...fresh, items, seen: events.length, sampled: items.length < events.length },
        });
      }
    };
    const beat = setInterval(() => {
      const now = clock();
      handlers.onMessage({ kind: "beat", data: freshness(shop, now) });
      if (wants.has("health")) handlers.onMessage({ kind: "health", data: healthSummary(shop, now) });
    }, BEAT_MS);
    handlers.onState({ phase: "connecting", reason: null, retryAt: null });
    const opened = setTimeout(() => {
      handlers.onState({ phase: "live", reason: null, retryAt: null });
      handlers.onMessage({ kind: "beat", data: freshness(shop, clock()) });
    }, ANSWER_MS);
    batchListeners.add(onBatch);
    timer ??= setInterval(advance, BATCH_MS);
    return {
      retry: () => undefined,
      close: () => {
        clearInterval(beat);
        clearTimeout(opened);
        batchListeners.delete(onBatch);
        if (batchListeners.size === 0 && timer !== null) {
          clearInterval(timer);
          timer = null;
        }
      },
    };
  }

  let mappedAt: number | null = null;
  const wasMapped = () => mappedAt !== null && runOutcome(mappedAt, clock()).state === "succeeded";

  return {
    mode: "mock",
    getAbout: (signal) =>
      answer(
        () => ({
          version: "mock",
          environment: "development" as const,
          auth: "off" as const,
          scopes: ["read" as const, "operate" as const],
          subject: null,
          currencies: [
            { code: "VND", decimals: 0 },
            { code: "USD", decimals: 2 },
          ],
          freshness_limit_s: 60,
          links: [],
        }),
        signal,
      ),
    getKpi: (range, signal) => answer(() => kpiReport(shop, range, clock()), signal),
    getBreakdown: (range, by, signal) => answer(() => breakdown(shop, range, by, clock()), signal),
    getTimeSeries: (range, signal) => answer(() => timeSeries(shop, range, clock()), signal),
    getEvents: (params, signal) =>
      answer(() => ({ ...freshness(shop, clock()), ...page(found(params), (event) => event.id, params) }), signal),
    getEvent: (id, signal) =>
      answer(
        () =>
          journey(
            one(
              shop.events.find((event) => event.id === id),
              "such event",
            ).order_id,
          ),
        signal,
      ),
    getOrder: (orderId, signal) => answer(() => journey(orderId), signal),
    getRejected: (params, signal) =>
      answer(() => {
        const among = shop.rejected
          .filter((record) => !params.reason?.length || params.reason.includes(record.reason))
          .filter((record) => !params.source?.length || params.source.includes(record.source ?? ""))
          .reverse();
        return {
          ...freshness(shop, clock()),
          ...page(among, (record) => `${record.partition}-${record.offset}`, params),
        };
      }, signal),
    getSources: (signal) => answer(() => sourceList(clock(), wasMapped() ? 1 : 2), signal),
    mapAgain: () =>
      answer(() => {
        mappedAt = clock();
        return { run_id: "mock", url: "#" };
      }),
    getRun: (_runId, signal) => answer(() => runOutcome(mappedAt ?? clock(), clock()), signal),
    getFailedMessages: (source, signal) => answer(() => failedMessages(source, clock(), wasMapped()), signal),
    tryMessage: (source, message) => answer(() => tryMessage(source, message, clock())),
    getSystemHealth: (signal) => answer(() => health(shop, clock()), signal),
    operate: (request) =>
      answer(() => {
        if (request.action === "set_rate") shop.rate = request.rate / 5;
        else shop.down[request.service] = { start: 0, stop: Infinity, restart: clock() + RESTART_MS }[request.action];
        return { run_id: "mock", url: "#" };
      }),
    downloadEvents: async (filters, _file, { signal } = {}) => {
      const columns = [
        "id",
        "event_time",
        "event_type",
        "order_id",
        "user_id",
        "amount",
        "currency",
        "status",
        "ingest_time",
        "payment_method",
        "channel",
        "country",
        "failure_reason",
      ] as const;
      const rows = await answer(
        () => found(filters).map((event) => columns.map((column) => event[column]).join(",")),
        signal,
      );
      const file = new Blob([["\ufeff" + columns.join(","), ...rows].join("\r\n")], { type: "text/csv" });
      saveBlob(file, "events.csv");
      return { rows: rows.length, bytes: file.size };
    },
    live,
  };
}
