/**
 * One stream for all tabs of a browser, which has six connections to a host over HTTP/1.1. The tab that holds a lock
 * (Web Locks) leads: it reads the stream and passes each message on (BroadcastChannel). Each tab's interest is the name
 * of a shared lock, so that the interest of a tab that crashed ends with it. A tab that closes or crashes releases its locks, and
 * the next in the queue leads, resuming after the last message it received. A silent leader has hung: its lock is
 * stolen.
 */
import type { LinkState, LiveConnection, LiveHandlers } from "../api";
import { createLeader, type FromLeader, type Leader, type OpenLine } from "./live-leader";
import { isFor, type Interest, writeInterest } from "./live-interest";

const PULSE_MS = 4_000;
/** After this many pulses without a message the leader counts as hung; it sends one per pulse. */
const SILENT_PULSES = 3;
const ASK_AGAIN_MS = 250;
type Said = FromLeader | { readonly kind: "joined" } | { readonly kind: "retry" };

export const canShare = (): boolean => "locks" in navigator && typeof BroadcastChannel !== "undefined";

/** Join the stream that the tabs of `group` share; opens a separate one if locks are refused. */
export function joinLive(group: string, mine: Interest, open: OpenLine, handlers: LiveHandlers): LiveConnection {
  const channel = new BroadcastChannel(group);
  const over = new AbortController();
  const ended = new Promise<void>((resolve) => over.signal.addEventListener("abort", () => resolve()));
  let waiting = new AbortController();
  let phase: LinkState["phase"] = "connecting";
  let lastId: string | null = null;
  let greeted = false;
  let silence = 0;
  let steal = false;
  let leader: Leader | null = null;
  let alone: LiveConnection | null = null;

  function hear(said: FromLeader): void {
    silence = 0;
    if (over.signal.aborted || said.kind === "pulse") return;
    if (said.kind === "message") {
      lastId = said.id ?? lastId;
      if (isFor(mine, said.message)) handlers.onMessage(said.message);
      return;
    }
    const stood = phase === "live";
    phase = said.state.phase;
    handlers.onState(said.state);
    if (phase !== "live") return;
    if (!stood) handlers.onMessage({ kind: "opened" });
    if (!greeted && !said.fresh) greetMe();
    greeted ||= said.fresh;
  }

  /** Request a stream that starts with the current state: this tab missed the earlier messages. */
  function greetMe(): void {
    if (leader) leader.look(true);
    else channel.postMessage({ kind: "joined" } satisfies Said);
  }

  channel.onmessage = ({ data }: MessageEvent<Said>) => {
    if (data.kind === "joined") leader?.look(true);
    else if (data.kind === "retry") leader?.retry();
    else hear(data);
  };

  const tell = (said: FromLeader): void => {
    if (over.signal.aborted) return;
    channel.postMessage(said);
    hear(said);
  };

  async function lead(): Promise<void> {
    if (over.signal.aborted) return;
    leader = createLeader(group, open, tell, lastId);
    await ended;
  }

  /** Wait to lead, lead, and wait again if the lock was taken away. */
  async function stand(): Promise<void> {
    while (!over.signal.aborted) {
      waiting = new AbortController();
      const how: LockOptions = steal ? { steal } : { signal: waiting.signal };
      steal = false;
      const refused = await navigator.locks.request(group, how, lead).then(
        () => false,
        () => true,
      );
      leader?.close();
      leader = null;
      if (refused) await new Promise((resolve) => setTimeout(resolve, ASK_AGAIN_MS));
    }
  }

  async function enter(): Promise<void> {
    greetMe();
    void stand();
    await ended;
  }

  const pulse = setInterval(() => {
    if (leader) {
      channel.postMessage({ kind: "pulse" } satisfies Said);
      leader.look(false);
    } else if (++silence > SILENT_PULSES) {
      silence = 0;
      steal = true;
      waiting.abort();
    }
  }, PULSE_MS);

  navigator.locks.request(`${group} ${writeInterest(mine)}`, { mode: "shared" }, enter).catch(() => {
    // Some browsers refuse locks if storage is blocked.
    if (!over.signal.aborted) alone = open(() => mine, handlers, null);
  });

  return {
    retry: () => {
      if (alone) alone.retry();
      else if (leader) leader.retry();
      else channel.postMessage({ kind: "retry" } satisfies Said);
    },
    close: () => {
      clearInterval(pulse);
      leader?.close();
      alone?.close();
      over.abort();
      waiting.abort();
      channel.close();
    },
  };
}
