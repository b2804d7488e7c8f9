/** How old the numbers on the page are, from the newest event's own time and the server's clock. */
import { useEffect, useState } from "react";

import type { LinkReason } from "./api";
import { useHub } from "./context";
import type { LiveStatus } from "./live-hub";
import { useAbout } from "./queries";
import { useStore } from "./store";

/** A line that breaks for less than this is not worth a word. */
export const BLIP_MS = 3_000;
const DEFAULT_LIMIT_S = 60;

export type FreshnessState = "connecting" | "live" | "polling" | "stale" | "disconnected";

export interface FreshnessView {
  readonly state: FreshnessState;
  /** Seconds since the newest event happened; null before the first. */
  readonly lagS: number | null;
  readonly reason: LinkReason | null;
  /** Whole seconds to the next attempt, while there is none. */
  readonly retryInS: number | null;
  /** When something was last heard, in milliseconds since 1970. */
  readonly heardAt: number | null;
}

export function judgeFreshness(status: LiveStatus, now: number, limitS: number): FreshnessView {
  const newest = status.newestEventTime;
  const lagS = newest === null ? null : Math.max(0, (now + status.clockOffsetMs - newest) / 1_000);
  const brief = status.heardAt !== null && now - status.heardAt < BLIP_MS && status.reason !== "unauthorized";
  const view = {
    lagS,
    reason: status.reason,
    retryInS: status.retryAt === null ? null : Math.max(0, Math.ceil((status.retryAt - now) / 1_000)),
    heardAt: status.heardAt,
  };
  if (status.phase === "disconnected" && !brief) return { ...view, state: "disconnected" };
  if (status.phase === "connecting") return { ...view, state: "connecting" };
  // Without any event the server alone knows; it calls stale what it cannot look up, too.
  if (lagS === null ? status.stale : lagS > limitS) return { ...view, state: "stale" };
  return { ...view, state: status.phase === "polling" ? "polling" : "live" };
}

/** The moment, renewed every `ms`. */
export function useNow(ms: number): number {
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), ms);
    return () => clearInterval(timer);
  }, [ms]);
  return now;
}

/** Age of the newest event in whole seconds, while `on`; draws anew only when that changes. */
export function useLag(on: boolean): number | null {
  const { status } = useHub();
  const [lagS, setLagS] = useState<number | null>(null);
  useEffect(() => {
    if (!on) return undefined;
    const look = () => {
      const lag = judgeFreshness(status.get(), Date.now(), 0).lagS;
      setLagS(lag === null ? null : Math.floor(lag));
    };
    look();
    const timer = setInterval(look, 1_000);
    return () => clearInterval(timer);
  }, [on, status]);
  return on ? lagS : null;
}

export function useFreshness(everyMs = 500): FreshnessView {
  const status = useStore(useHub().status);
  const limit = useAbout().data?.freshness_limit_s ?? DEFAULT_LIMIT_S;
  // A message may be newer than the last tick.
  const now = Math.max(useNow(everyMs), status.heardAt ?? 0);
  return judgeFreshness(status, now, limit);
}
