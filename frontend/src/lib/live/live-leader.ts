/** The tab that reads the stream for all tabs of a browser, and its messages to them. */
import type { LinkState, LiveConnection, LiveHandlers, LiveMessage } from "../api";
import { readInterest, union, type Interest, writeInterest } from "./live-interest";

/** Tabs that join at the same time are served by one new stream. */
const GATHER_MS = 30;

/** Opens the stream; `interest` is called at each attempt. */
export type OpenLine = (interest: () => Interest, handlers: LiveHandlers, lastEventId: string | null) => LiveConnection;

export type FromLeader =
  /** `fresh`: the stream starts with the current state instead of after the last message. */
  | { readonly kind: "state"; readonly state: LinkState; readonly fresh: boolean }
  | { readonly kind: "message"; readonly message: LiveMessage; readonly id: string | null }
  | { readonly kind: "pulse" };

export interface Leader extends LiveConnection {
  /** A tab has joined, or the interval has passed: read the interests again. */
  look(newcomer: boolean): void;
}

/** The current interests of the tabs of `group`. */
async function interestsOf(group: string): Promise<Interest> {
  const { held = [] } = await navigator.locks.query();
  const names = held.map(({ name = "" }) => name).filter((name) => name.startsWith(`${group} `));
  return union(names.map((name) => readInterest(name.slice(group.length + 1))));
}

/** Reads the stream for all; resumes after `lastEventId`. */
export function createLeader(
  group: string,
  open: OpenLine,
  tell: (said: FromLeader) => void,
  lastEventId: string | null,
): Leader {
  let closed = false;
  let interest: Interest = { ranges: [], topics: [] };
  let state: LinkState = { phase: "connecting", reason: null, retryAt: null };
  let line: LiveConnection | null = null;
  let soon: ReturnType<typeof setTimeout> | undefined;

  /** Open a connection; the previous one continues until this one is open, so that no message is lost. */
  function connect(after: string | null): void {
    const before = line;
    let speaks = before === null;
    let fresh = after === null;
    const opened = open(
      () => interest,
      {
        onState: (next) => {
          if (!speaks && next.phase === "connecting") return;
          if (!speaks) before?.close();
          speaks = true;
          state = next;
          tell({ kind: "state", state, fresh });
          // After a failure it resumes after its last message.
          if (next.phase === "live") fresh = false;
        },
        onMessage: (message, id = null) => {
          if (message.kind !== "opened") tell({ kind: "message", message, id });
        },
      },
      after,
    );
    line = {
      retry: () => opened.retry(),
      close: () => {
        opened.close();
        if (!speaks) before?.close();
      },
    };
  }

  async function look(newcomer: boolean): Promise<void> {
    const wanted = await interestsOf(group);
    if (closed || wanted.topics.length === 0) return;
    const changed = writeInterest(wanted) !== writeInterest(interest);
    interest = wanted;
    if (line === null) connect(lastEventId);
    // A new stream starts with the current state, which a new tab needs.
    else if (state.phase === "live" && (newcomer || changed)) connect(null);
    else if (newcomer) tell({ kind: "state", state, fresh: false });
  }

  void look(false);

  return {
    look: (newcomer) => {
      if (!newcomer) void look(false);
      else {
        clearTimeout(soon);
        soon = setTimeout(() => void look(true), GATHER_MS);
      }
    },
    retry: () => line?.retry(),
    close: () => {
      closed = true;
      clearTimeout(soon);
      line?.close();
    },
  };
}
