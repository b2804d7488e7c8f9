/** Age of the page's numbers, from the newest event's time and the server's clock. */
import { useEffect, useState } from "react";

import type { LinkReason } from "../api";
import { useHub } from "../context";
import type { LiveStatus } from "./live-hub";
import { useAbout } from "../queries";
import { useStore } from "../store";

/** A shorter interruption is not shown. */
export const BLIP_MS = 3_000;
const DEFAULT_LIMIT_S = 60;

export type FreshnessState = "connecting" | "live" | "polling" | "starting" | "stopped" | "stale" | "disconnected";

export interface FreshnessView {
  readonly state: FreshnessState;
  /** Seconds since the newest event happened; null before the first. */
  readonly lagS: number | null;
  /** Whether the stream runs, and only the generator is stopped. */
  readonly sourceStopped: boolean;
  readonly reason: LinkReason | null;
  /** Whole seconds to the next attempt, while there is none. */
  readonly retryInS: number | null;
  /** When the last message came, in milliseconds since 1970. */
  readonly heardAt: number | null;
}

/** The state to show for old figures. */
const LATE = { running: "stale", starting: "starting", source_stopped: "stopped" } as const;

export function judgeFreshness(status: LiveStatus, now: number, limitS: number): FreshnessView {
  const newest = status.newestEventTime;
  const lagS = newest === null ? null : Math.max(0, (now + status.clockOffsetMs - newest) / 1_000);
  const brief = status.heardAt !== null && now - status.heardAt < BLIP_MS && status.reason !== "unauthorized";
  const view = {
    lagS,
    sourceStopped: status.pipeline === "source_stopped",
    reason: status.reason,
    retryInS: status.retryAt === null ? null : Math.max(0, Math.ceil((status.retryAt - now) / 1_000)),
    heardAt: status.heardAt,
  };
  if (status.phase === "disconnected" && !brief) return { ...view, state: "disconnected" };
  if (status.phase === "connecting") return { ...view, state: "connecting" };
  if (status.pipeline === "stopped") return { ...view, state: "stopped" };
  // Without any event only the server knows; it also reports stale if it cannot look it up.
  if (lagS === null ? status.stale : lagS > limitS) return { ...view, state: LATE[status.pipeline] };
  return { ...view, state: status.phase === "polling" ? "polling" : "live" };
}

/** The current time, updated every `ms`. */
export function useNow(ms: number): number {
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), ms);
    return () => clearInterval(timer);
  }, [ms]);
  return now;
}

/**
 * Age of the newest event in whole seconds, while `on`; renders only when that changes. Without a live connection it
 * is the age at the last response, as newer events may have come since; by the clock only if the server does not respond.
 */
export function useLag(on: boolean, unanswered: boolean): number | null {
  const { status } = useHub();
  const [lagS, setLagS] = useState<number | null>(null);
  useEffect(() => {
    if (!on) return undefined;
    const look = () => {
      const heard = status.get();
      const asAnswered = heard.phase === "connecting" && !unanswered;
      const lag = judgeFreshness(heard, asAnswered ? (heard.heardAt ?? 0) : Date.now(), 0).lagS;
      setLagS(lag === null ? null : Math.floor(lag));
    };
    look();
    const timer = setInterval(look, 1_000);
    return () => clearInterval(timer);
  }, [on, unanswered, status]);
  return on ? lagS : null;
}

export function useFreshness(everyMs = 500): FreshnessView {
  const status = useStore(useHub().status);
  const limit = useAbout().data?.freshness_limit_s ?? DEFAULT_LIMIT_S;
  // A message may be newer than the last tick.
  const now = Math.max(useNow(everyMs), status.heardAt ?? 0);
  return judgeFreshness(status, now, limit);
}
