/** The server's API over `fetch`: bearer token where one is set, problems as `ApiError`, ETags kept. */
import { type Api, ApiError, type EventFilters, type OperateRequest, type RangeQuery } from "./api";
import { type DownloadOptions, type DownloadProgress, saveResponse } from "./download";
import { connectLive } from "./live";
import { token, tokenWanted } from "./token";
import type { OperateAnswer, Problem } from "./types";

const PREFIX = "/api/v1";
const KEPT_ANSWERS = 60;

type Value = string | number | boolean | readonly string[] | null | undefined;

/** A query string in which lists repeat their name and what is not set is left out. */
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

/** The answer, or an `ApiError`: of status 0 where none came. Aborting throws what `fetch` throws. */
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
  // A 304 gives back the very object of before, so nothing that shows it is drawn again.
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

  async function operate(request: OperateRequest): Promise<OperateAnswer> {
    const rate = request.action === "set_rate";
    const path = rate ? "/operate/generator/rate" : `/operate/${request.service}/${request.action}`;
    const response = await ask(path, {
      method: "POST",
      // The type is demanded of an empty body too: no form of another site can send it.
      headers: headers({ "Content-Type": "application/json" }),
      ...(rate ? { body: JSON.stringify({ rate: request.rate }) } : {}),
    });
    return (await response.json()) as OperateAnswer;
  }

  async function downloadEvents(filters: EventFilters, options: DownloadOptions = {}): Promise<DownloadProgress> {
    const { signal } = options;
    const response = await ask(`/events.csv${queryString({ ...filters })}`, { headers: headers(), ...(signal ? { signal } : {}) });
    return saveResponse(response, options);
  }

  return {
    mode: "real",
    getAbout: (signal) => get("/about", signal),
    getKpi: (range, signal) => get(`/kpi${queryString(rangeParams(range))}`, signal),
    getTimeSeries: (range, signal) => get(`/timeseries${queryString(rangeParams(range))}`, signal),
    getEvents: (params, signal) => get(`/events${queryString({ ...params })}`, signal),
    getEvent: (id, signal) => get(`/events/${encodeURIComponent(id)}`, signal),
    getOrder: (orderId, signal) => get(`/orders/${encodeURIComponent(orderId)}`, signal),
    getRejected: (params, signal) => get(`/rejected${queryString({ ...params })}`, signal),
    getSystemHealth: (signal) => get("/health", signal),
    operate,
    downloadEvents,
    live: ({ range, topics }, handlers) =>
      connectLive(
        (signal, lastEventId) =>
          fetch(`${PREFIX}/stream${queryString({ ...rangeParams(range), topics: topics.join(",") })}`, {
            headers: headers({
              Accept: "text/event-stream",
              ...(lastEventId ? { "Last-Event-ID": lastEventId } : {}),
            }),
            cache: "no-store",
            signal,
          }).then((response) => {
            if (response.status === 401) tokenWanted.set(true);
            return response;
          }),
        async (signal) => {
          await ask("/about", { headers: headers(), cache: "no-store", signal });
        },
        handlers,
      ),
  };
}
