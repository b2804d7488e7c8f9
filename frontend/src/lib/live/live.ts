/**
 * One live connection: server-sent events over `fetch`, because `EventSource` cannot send a token.
 * It reconnects with back-off and jitter, resumes with Last-Event-ID, treats 12 s without a byte as
 * a broken connection (the server beats every 5 s), and polls if a proxy blocks streams.
 */
import { createParser, type EventSourceMessage } from "eventsource-parser";

import type { LinkReason, LinkState, LiveConnection, LiveHandlers, LiveMessage } from "../api";

export const SILENCE_MS = 12_000;
export const POLL_MS = 5_000;
/** How often a stream is retried while polling. */
export const STREAM_AGAIN_MS = 60_000;
const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 15_000;
/** After this many streams in a row without a byte, streams count as blocked. */
const FRUITLESS = 2;

const KINDS = new Set(["kpi", "windows", "events", "health", "beat", "resync"]);

export type OpenStream = (signal: AbortSignal, lastEventId: string | null) => Promise<Response>;
export type Poll = (signal: AbortSignal) => Promise<void>;

/** A delay that doubles with each attempt, minus up to half at random, so that clients spread. */
export function backoffMs(attempt: number, random: () => number = Math.random): number {
  return Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** attempt) * (0.5 + random() / 2);
}

export function toMessage(event: EventSourceMessage): LiveMessage | null {
  const kind = event.event ?? "";
  if (!KINDS.has(kind)) return null;
  if (kind === "resync") return { kind };
  return { kind, data: JSON.parse(event.data) as unknown } as LiveMessage;
}

class Ended extends Error {
  readonly reason: LinkReason;
  constructor(reason: LinkReason) {
    super(reason);
    this.reason = reason;
  }
}

function reasonOfStatus(status: number): LinkReason {
  if (status === 401 || status === 403) return "unauthorized";
  if (status === 503 || status === 429) return "busy";
  return status >= 500 ? "unreachable" : "unsupported";
}

/** `lastEventId`: resume after this message, which arrived on another connection. */
export function connectLive(
  open: OpenStream,
  poll: Poll,
  handlers: LiveHandlers,
  lastEventId: string | null = null,
): LiveConnection {
  let closed = false;
  const over = () => closed;
  let attempt = 0;
  let fruitless = 0;
  let wake: (() => void) | null = null;
  let abort = new AbortController();

  const report = (phase: LinkState["phase"], reason: LinkReason | null = null, waitMs: number | null = null) => {
    if (!over()) handlers.onState({ phase, reason, retryAt: waitMs === null ? null : Date.now() + waitMs });
  };

  /** Wait, unless a new attempt is requested. */
  const wait = (ms: number) =>
    new Promise<void>((resolve) => {
      const timer = setTimeout(done, ms);
      function done() {
        clearTimeout(timer);
        wake = null;
        resolve();
      }
      wake = done;
    });

  /** Read one stream to its end, which is always an `Ended`. */
  async function stream(): Promise<never> {
    abort = new AbortController();
    const silence = new AbortController();
    const guard = () =>
      setTimeout(() => {
        silence.abort();
        abort.abort();
      }, SILENCE_MS);
    let watchdog = guard();
    let bytes = false;
    try {
      const response = await open(abort.signal, lastEventId);
      if (!response.ok) throw new Ended(reasonOfStatus(response.status));
      if (!response.body || !response.headers.get("Content-Type")?.includes("text/event-stream")) {
        throw new Ended("unsupported");
      }
      const parser = createParser({
        onEvent: (event) => {
          if (event.id !== undefined) lastEventId = event.id;
          const message = toMessage(event);
          if (message && !over()) handlers.onMessage(message, lastEventId);
        },
      });
      const reader = response.body.getReader();
      const decoder = new TextDecoder();
      for (;;) {
        const { done, value } = await reader.read();
        if (done) throw new Ended("ended");
        clearTimeout(watchdog);
        watchdog = guard();
        if (!bytes) {
          bytes = true;
          attempt = 0;
          fruitless = 0;
          report("live");
          if (!over()) handlers.onMessage({ kind: "opened" });
        }
        parser.feed(decoder.decode(value, { stream: true }));
      }
    } catch (error) {
      if (error instanceof Ended) throw error;
      if (silence.signal.aborted) throw new Ended("silent");
      throw new Ended(navigator.onLine ? "unreachable" : "offline");
    } finally {
      clearTimeout(watchdog);
      abort.abort();
      if (!bytes) fruitless += 1;
    }
  }

  /** Poll for a while instead; ends early when a poll fails, so that the stream is tried again. */
  async function pollForAWhile(reason: LinkReason): Promise<void> {
    const until = Date.now() + STREAM_AGAIN_MS;
    while (!over() && Date.now() < until) {
      abort = new AbortController();
      const { signal } = abort;
      const slow = setTimeout(() => abort.abort(), SILENCE_MS);
      const answered = await poll(signal).then(
        () => true,
        () => false,
      );
      clearTimeout(slow);
      if (answered && !over()) {
        report("polling", reason);
        handlers.onMessage({ kind: "poll" });
      } else {
        report("disconnected", navigator.onLine ? "unreachable" : "offline", POLL_MS);
      }
      await wait(POLL_MS);
      if (!answered) return;
    }
  }

  async function run(): Promise<void> {
    report("connecting");
    while (!over()) {
      const reason = await stream().catch((error: unknown) => (error instanceof Ended ? error.reason : "ended"));
      if (over()) return;
      const noStream = reason === "unsupported" || reason === "silent";
      if (noStream && fruitless >= FRUITLESS) {
        await pollForAWhile(reason);
        continue;
      }
      const ms = reason === "unauthorized" ? LONGEST_WAIT_MS : backoffMs(attempt);
      attempt += 1;
      report("disconnected", reason, ms);
      await wait(ms);
    }
  }

  const retry = () => {
    attempt = 0;
    wake?.();
  };
  window.addEventListener("online", retry);
  void run();

  return {
    retry,
    close: () => {
      closed = true;
      window.removeEventListener("online", retry);
      abort.abort();
      wake?.();
    },
  };
}
