import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import type { LinkState, LiveConnection, LiveMessage } from "../api";
import { backoffMs, connectLive, POLL_MS, SILENCE_MS } from "./live";

/** A stream that the test writes to. */
class Line {
  readonly response: Response;
  private controller: ReadableStreamDefaultController<Uint8Array> | null = null;

  constructor(signal: AbortSignal) {
    const body = new ReadableStream<Uint8Array>({ start: (controller) => void (this.controller = controller) });
    signal.addEventListener("abort", () => this.controller?.error(new DOMException("aborted", "AbortError")));
    this.response = new Response(body, { headers: { "Content-Type": "text/event-stream" } });
  }

  say(text: string): void {
    this.send(new TextEncoder().encode(text));
  }

  send(bytes: Uint8Array): void {
    this.controller?.enqueue(bytes);
  }

  end(): void {
    this.controller?.close();
  }
}

const BEAT =
  'event: beat\nid: hub-7\ndata: {"as_of":"2026-03-01T10:00:00Z","newest_event_time":null,"event_time_lag_s":null,"stale":false}\n\n';

let states: LinkState[];
let messages: LiveMessage[];
let lines: Line[];
let lastIds: (string | null)[];
let polls: number;
let connection: LiveConnection;

type Answer = (signal: AbortSignal) => Promise<Response>;

const opens: Answer = (signal) => {
  const line = new Line(signal);
  lines.push(line);
  return Promise.resolve(line.response);
};
const status =
  (code: number): Answer =>
  () =>
    Promise.resolve(new Response("", { status: code }));
const refuses: Answer = () => Promise.reject(new TypeError("fetch failed"));

function connect(answers: Answer[], poll: (signal: AbortSignal) => Promise<void> = () => Promise.resolve()): void {
  let turn = 0;
  connection = connectLive(
    (signal, lastId) => {
      lastIds.push(lastId);
      const answer = answers[Math.min(turn, answers.length - 1)] ?? refuses;
      turn += 1;
      return answer(signal);
    },
    (signal) => {
      polls += 1;
      return poll(signal);
    },
    { onState: (state) => states.push(state), onMessage: (message) => messages.push(message) },
  );
}

const phase = () => states.at(-1)?.phase;
const reason = () => states.at(-1)?.reason;
const settle = (ms = 0) => vi.advanceTimersByTimeAsync(ms);

beforeEach(() => {
  vi.useFakeTimers();
  vi.spyOn(Math, "random").mockReturnValue(1);
  states = [];
  messages = [];
  lines = [];
  lastIds = [];
  polls = 0;
});
afterEach(() => {
  connection.close();
  vi.useRealTimers();
});

describe("a line that stands", () => {
  it("is live with its first byte, and delivers messages by their names", async () => {
    connect([opens]);
    await settle();
    expect(phase()).toBe("connecting");
    lines[0]?.say("retry: 2000\n\n");
    await settle();
    expect(phase()).toBe("live");
    lines[0]?.say(BEAT.slice(0, 30));
    lines[0]?.say(BEAT.slice(30));
    lines[0]?.say("event: resync\ndata:\n\nevent: unknown\ndata: {}\n\n");
    await settle();
    expect(messages.map(({ kind }) => kind)).toEqual(["opened", "beat", "resync"]);
  });

  it("survives a letter cut in two by the network", async () => {
    connect([opens]);
    await settle();
    const bytes = new TextEncoder().encode('event: health\ndata: {"note":"tiếng"}\n\n');
    for (const byte of bytes) lines[0]?.send(new Uint8Array([byte]));
    await settle();
    expect(messages.at(-1)).toEqual({ kind: "health", data: { note: "tiếng" } });
  });
});

describe("a line that breaks", () => {
  it("is opened again where it ended, with the last id", async () => {
    connect([opens]);
    await settle();
    lines[0]?.say(BEAT);
    await settle();
    lines[0]?.end();
    await settle();
    expect(phase()).toBe("disconnected");
    expect(reason()).toBe("ended");
    expect(states.at(-1)?.retryAt).toBe(Date.now() + 500);
    await settle(500);
    expect(lastIds).toEqual([null, "hub-7"]);
  });

  it("is broken after 12 s without a byte, not before", async () => {
    connect([opens]);
    await settle();
    lines[0]?.say(BEAT);
    await settle(SILENCE_MS - 1);
    expect(phase()).toBe("live");
    await settle(1);
    expect(reason()).toBe("silent");
    await settle(500);
    expect(lines).toHaveLength(2);
  });

  it("waits longer after each failure, and starts over after a success", async () => {
    connect([refuses, refuses, opens]);
    await settle();
    expect(reason()).toBe("unreachable");
    await settle(500);
    expect(states.at(-1)?.retryAt).toBe(Date.now() + 1_000);
    await settle(1_000);
    lines[0]?.say(BEAT);
    await settle();
    lines[0]?.end();
    await settle();
    expect(states.at(-1)?.retryAt).toBe(Date.now() + 500);
  });

  it("tries at once when asked to, or when the device is online again", async () => {
    connect([refuses]);
    await settle();
    connection.retry();
    await settle();
    expect(lastIds).toHaveLength(2);
    window.dispatchEvent(new Event("online"));
    await settle();
    expect(lastIds).toHaveLength(3);
  });

  it.each([
    [401, "unauthorized"],
    [503, "busy"],
    [502, "unreachable"],
    [404, "unsupported"],
  ])("reports status %s: %s", async (code, expected) => {
    connect([status(code)]);
    await settle();
    expect(phase()).toBe("disconnected");
    expect(reason()).toBe(expected);
  });
});

describe("where no stream gets through", () => {
  it("polls every 5 s after two fruitless streams, and tries a stream again in a minute", async () => {
    connect([status(404), status(404), opens]);
    await settle(600);
    expect(phase()).toBe("polling");
    expect(reason()).toBe("unsupported");
    await settle(POLL_MS);
    expect(polls).toBe(2);
    expect(messages.map(({ kind }) => kind)).toEqual(["poll", "poll"]);
    await settle(60_000);
    lines[0]?.say(BEAT);
    await settle();
    expect(phase()).toBe("live");
  });

  it("is disconnected while polls fail too, and then tries the stream first", async () => {
    connect([status(404), status(404), opens], () => Promise.reject(new Error("away")));
    await settle(600);
    expect(phase()).toBe("disconnected");
    expect(reason()).toBe("unreachable");
    expect(messages).toEqual([]);
    await settle(POLL_MS);
    lines[0]?.say(BEAT);
    await settle();
    expect(phase()).toBe("live");
  });

  it("does not wait forever for a server that hangs", async () => {
    let asked: AbortSignal | null = null;
    connect([status(404), status(404), opens], (signal) => {
      asked = signal;
      return new Promise((_resolve, reject) => signal.addEventListener("abort", () => reject(new Error("aborted"))));
    });
    await settle(600);
    expect(phase()).toBe("disconnected");
    await settle(SILENCE_MS + POLL_MS);
    expect(asked).toMatchObject({ aborted: true });
    expect(lines).toHaveLength(1);
  });
});

describe("a closed connection", () => {
  it("says nothing more and opens nothing more", async () => {
    connect([opens]);
    await settle();
    connection.close();
    const before = states.length;
    await settle(60_000);
    expect(lines).toHaveLength(1);
    expect(states).toHaveLength(before);
  });
});

it("backs off exponentially to 15 s, with half of it left to chance", () => {
  expect([0, 1, 2, 10].map((attempt) => backoffMs(attempt, () => 1))).toEqual([500, 1_000, 2_000, 15_000]);
  expect(backoffMs(10, () => 0)).toBe(7_500);
});
