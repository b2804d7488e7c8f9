/** The server's API over `fetch`: bearer token if one is set, problems as `ApiError`, cached ETags. */
import {
  type Api,
  ApiError,
  type EventFile,
  type EventFilters,
  type LiveConnection,
  type LiveHandlers,
  type LiveOptions,
  type OperateRequest,
  type RangeQuery,
} from "./api";
import { type DownloadOptions, type DownloadProgress, saveResponse } from "./download";
import { connectLive } from "./live/live";
import type { OpenLine } from "./live/live-leader";
import { interestOf } from "./live/live-interest";
import { canShare, joinLive } from "./live/shared-live";
import { fingerprint, token, tokenWanted } from "./token";
import type { OperateAnswer, Problem } from "./types";
import { whileVisible } from "./live/while-visible";

const PREFIX = "/api/v1";
const KEPT_ANSWERS = 60;

type Value = string | number | boolean | readonly string[] | null | undefined;

/** A query string in which lists repeat their name and undefined parameters are omitted. */
export function queryString(params: Readonly<Record<string, Value>>): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(params)) {
    if (value === null || value === undefined || value === "") continue;
    for (const one of Array.isArray(value) ? (value as readonly string[]) : [value]) query.append(name, String(one));
  }
  const text = query.toString();
  return text ? `?${text}` : "";
}

const rangeParams = (range: RangeQuery) => ({ range: range.range, tz: range.tz, from: range.from, to: range.to });

function headers(more: Record<string, string> = {}): Record<string, string> {
  const bearer = token.get();
  return bearer === null ? more : { ...more, Authorization: `Bearer ${bearer}` };
}

/** The response, or an `ApiError`, with status 0 if none came. Aborting throws like `fetch`. */
async function ask(path: string, init: RequestInit = {}): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(PREFIX + path, init);
  } catch (error) {
    if (init.signal?.aborted) throw error;
    throw new ApiError(0, "");
  }
  if (response.status === 401) tokenWanted.set(true);
  if (response.ok || response.status === 304) return response;
  throw await problemOf(response);
}

async function problemOf(response: Response): Promise<ApiError> {
  let problem: Problem | null = null;
  if (response.headers.get("Content-Type")?.includes("json")) {
    problem = (await response.json().catch(() => null)) as Problem | null;
  }
  return new ApiError(response.status, problem?.detail ?? "", problem);
}

export function createRealApi(): Api {
  // A 304 returns the same object as before, so nothing is rendered again.
  const kept = new Map<string, { etag: string; body: unknown }>();

  async function get<T>(path: string, signal?: AbortSignal): Promise<T> {
    const before = kept.get(path);
    const response = await ask(path, {
      headers: headers(before ? { "If-None-Match": before.etag } : {}),
      cache: "no-store",
      ...(signal ? { signal } : {}),
    });
    if (response.status === 304 && before) return before.body as T;
    const body = (await response.json()) as T;
    const etag = response.headers.get("ETag");
    kept.delete(path);
    if (etag !== null) kept.set(path, { etag, body });
    const [oldest] = kept.keys();
    if (kept.size > KEPT_ANSWERS && oldest !== undefined) kept.delete(oldest);
    return body;
  }

  async function post<T>(path: string, body?: unknown): Promise<T> {
    const response = await ask(path, {
      method: "POST",
      // The type is required for an empty body too: another site's form cannot send it.
      headers: headers({ "Content-Type": "application/json" }),
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return (await response.json()) as T;
  }

  const operate = (request: OperateRequest): Promise<OperateAnswer> =>
    request.action === "set_rate"
      ? post("/operate/generator/rate", { rate: request.rate })
      : post(`/operate/${request.service}/${request.action}`);

  async function downloadEvents(
    filters: EventFilters,
    file: EventFile,
    options: DownloadOptions = {},
  ): Promise<DownloadProgress> {
    const { signal } = options;
    const response = await ask(`/events.${file.format}${queryString({ ...filters, tz: file.tz })}`, {
      headers: headers(),
      ...(signal ? { signal } : {}),
    });
    return saveResponse(response, options);
  }

  /** Opens the stream with the current interest at each attempt, and polls if streams are blocked. */
  const openLine =
    (tz: string): OpenLine =>
    (interest, handlers, lastEventId) =>
      connectLive(
        async (signal, lastId) => {
          const { ranges, topics } = interest();
          const response = await fetch(
            `${PREFIX}/stream${queryString({ range: ranges.join(","), tz, topics: topics.join(",") })}`,
            {
              headers: headers({ Accept: "text/event-stream", ...(lastId ? { "Last-Event-ID": lastId } : {}) }),
              cache: "no-store",
              signal,
            },
          );
          if (response.status === 401) tokenWanted.set(true);
          return response;
        },
        async (signal) => {
          await ask("/about", { headers: headers(), cache: "no-store", signal });
        },
        handlers,
        lastEventId,
      );

  function live(options: LiveOptions, handlers: LiveHandlers): LiveConnection {
    const { tz } = options.range;
    const mine = interestOf(options);
    const connect = () =>
      canShare()
        ? joinLive(`orderpulse.live.1 ${tz} ${fingerprint(token.get())}`, mine, openLine(tz), handlers)
        : openLine(tz)(() => mine, handlers, null);
    const connection = whileVisible(connect, handlers);
    // Tabs with another token share another stream.
    const forget = token.subscribe(() => connection.reconnect());
    return {
      retry: () => connection.retry(),
      close: () => {
        forget();
        connection.close();
      },
    };
  }

  return {
    mode: "real",
    getAbout: (signal) => get("/about", signal),
    getKpi: (range, signal) => get(`/kpi${queryString(rangeParams(range))}`, signal),
    getBreakdown: (range, by, signal) => get(`/kpi/breakdown${queryString({ ...rangeParams(range), by })}`, signal),
    getTimeSeries: (range, signal) => get(`/timeseries${queryString(rangeParams(range))}`, signal),
    getEvents: (params, signal) => get(`/events${queryString({ ...params })}`, signal),
    getEvent: (id, signal) => get(`/events/${encodeURIComponent(id)}`, signal),
    getOrder: (orderId, signal) => get(`/orders/${encodeURIComponent(orderId)}`, signal),
    getRejected: (params, signal) => get(`/rejected${queryString({ ...params })}`, signal),
    getSources: (signal) => get("/sources", signal),
    getFailedMessages: (source, signal) => get(`/sources/${encodeURIComponent(source)}/failed`, signal),
    tryMessage: (source, message) => post(`/sources/${encodeURIComponent(source)}/try`, message),
    getSystemHealth: (signal) => get("/health", signal),
    operate,
    mapAgain: (source) => post(`/operate/sources/${encodeURIComponent(source)}/map`),
    getRun: (runId, signal) => get(`/operate/runs/${encodeURIComponent(runId)}`, signal),
    downloadEvents,
    live,
  };
}
