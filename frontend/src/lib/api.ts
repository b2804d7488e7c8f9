/** The one interface between pages and data, with two implementations: `real-api` queries the
 * server, `mock-api` simulates a shop in the browser. Pages use `useApi()`.
 */
import type { DownloadOptions, DownloadProgress } from "./download";
import type {
  About,
  Beat,
  Breakdown,
  EventBatch,
  EventPage,
  EventStatus,
  EventType,
  FailedMessages,
  Health,
  HealthSummary,
  KpiReport,
  OperateAnswer,
  OrderJourney,
  Problem,
  RejectedPage,
  RejectReason,
  RunOutcome,
  SourceList,
  TimeSeries,
  TryRequest,
  TryResult,
  WindowBatch,
} from "./types";

export const RANGES = ["15m", "1h", "24h", "today"] as const;
export type RangeName = (typeof RANGES)[number];

/** A range of event time: a named one that moves with the clock, or a fixed one. */
export interface RangeQuery {
  readonly range: RangeName | "custom";
  /** IANA time zone in which a day begins. */
  readonly tz: string;
  /** ISO 8601, only with `custom`. */
  readonly from?: string | undefined;
  readonly to?: string | undefined;
}

/** An optional field of the events, by which KPIs are broken down. */
export type BreakdownField = Breakdown["by"];

export interface EventFilters {
  readonly event_type?: readonly EventType[] | undefined;
  readonly status?: readonly EventStatus[] | undefined;
  readonly currency?: readonly string[] | undefined;
  readonly order_id?: string | undefined;
  readonly user_id?: string | undefined;
  /** Free text on the ids. */
  readonly q?: string | undefined;
  readonly from?: string | undefined;
  readonly to?: string | undefined;
}

export interface EventFile {
  readonly format: "csv" | "xlsx";
  /** IANA time zone of the times in the file. */
  readonly tz: string;
}

export interface PageQuery {
  readonly cursor?: string | undefined;
  readonly limit?: number | undefined;
}

export interface RejectedFilters {
  readonly reason?: readonly RejectReason[] | undefined;
  readonly source?: readonly string[] | undefined;
  readonly from?: string | undefined;
  readonly to?: string | undefined;
}

export type OperateRequest =
  | { readonly service: "generator" | "spark_stream"; readonly action: "start" | "stop" | "restart" }
  | { readonly service: "generator"; readonly action: "set_rate"; readonly rate: number };

export type Topic = "kpi" | "windows" | "events" | "health";

export interface LiveOptions {
  readonly range: RangeQuery;
  readonly topics: readonly Topic[];
}

/** What a live connection delivers. `opened`: messages before this may have been missed. */
export type LiveMessage =
  | { readonly kind: "opened" }
  | { readonly kind: "poll" }
  | { readonly kind: "resync" }
  | { readonly kind: "kpi"; readonly data: KpiReport }
  | { readonly kind: "windows"; readonly data: WindowBatch }
  | { readonly kind: "events"; readonly data: EventBatch }
  | { readonly kind: "health"; readonly data: HealthSummary }
  | { readonly kind: "beat"; readonly data: Beat };

/** Why a connection is not live. Each has a sentence in the catalogue, under `link`. */
export type LinkReason = "offline" | "unreachable" | "busy" | "silent" | "ended" | "unsupported" | "unauthorized";

export interface LinkState {
  readonly phase: "connecting" | "live" | "polling" | "disconnected";
  readonly reason: LinkReason | null;
  /** When the next attempt is made, in milliseconds since 1970. */
  readonly retryAt: number | null;
}

export interface LiveHandlers {
  onState(state: LinkState): void;
  /** `id`: where a connection resumes whose last message was this one. */
  onMessage(message: LiveMessage, id?: string | null): void;
}

export interface LiveConnection {
  /** Try again at once. */
  retry(): void;
  close(): void;
}

export interface Api {
  readonly mode: "real" | "mock";
  getAbout(signal?: AbortSignal): Promise<About>;
  getKpi(range: RangeQuery, signal?: AbortSignal): Promise<KpiReport>;
  getBreakdown(range: RangeQuery, by: BreakdownField, signal?: AbortSignal): Promise<Breakdown>;
  getTimeSeries(range: RangeQuery, signal?: AbortSignal): Promise<TimeSeries>;
  getEvents(params: EventFilters & PageQuery, signal?: AbortSignal): Promise<EventPage>;
  /** The journey of the order that an event belongs to. */
  getEvent(id: string, signal?: AbortSignal): Promise<OrderJourney>;
  getOrder(orderId: string, signal?: AbortSignal): Promise<OrderJourney>;
  getRejected(params: RejectedFilters & PageQuery, signal?: AbortSignal): Promise<RejectedPage>;
  getSources(signal?: AbortSignal): Promise<SourceList>;
  /** The newest messages of a source that became no accepted event. */
  getFailedMessages(source: string, signal?: AbortSignal): Promise<FailedMessages>;
  /** What a message would give; nothing is sent. */
  tryMessage(source: string, message: TryRequest): Promise<TryResult>;
  getSystemHealth(signal?: AbortSignal): Promise<Health>;
  operate(request: OperateRequest): Promise<OperateAnswer>;
  /** Launch the run that maps the messages of a source again that did not map. */
  mapAgain(source: string): Promise<OperateAnswer>;
  /** How far a run is that was launched here. */
  getRun(runId: string, signal?: AbortSignal): Promise<RunOutcome>;
  /** Save the matching events as a file in the browser; returns the size. */
  downloadEvents(filters: EventFilters, file: EventFile, options?: DownloadOptions): Promise<DownloadProgress>;
  live(options: LiveOptions, handlers: LiveHandlers): LiveConnection;
}

/** An error response. `message` is the problem's detail: what happened and what to do. */
export class ApiError extends Error {
  override readonly name = "ApiError";
  readonly status: number;
  readonly problem: Problem | null;

  constructor(status: number, message: string, problem: Problem | null = null) {
    super(message);
    this.status = status;
    this.problem = problem;
  }

  /** Whether the server itself did not respond: no response, or one from a proxy. */
  get unreachable(): boolean {
    return this.status === 0 || (this.message === "" && [502, 503, 504].includes(this.status));
  }
}
