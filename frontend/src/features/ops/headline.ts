/** The platform's state: the sentence's key and its values. */
import type { Component, ComponentState, Health } from "@/lib/types";

export type ComponentName = Component["name"];
export type HeadlineKey =
  | "down"
  | "error"
  | "incidents"
  | "rejects"
  | "stale"
  | "starting"
  | "warning"
  | "unknown"
  | "stopped"
  | "ok"
  | "empty";

export interface Headline {
  readonly key: HeadlineKey;
  readonly tone: "good" | "warn" | "bad" | "neutral";
  /** The components named in the sentence. */
  readonly names: readonly ComponentName[];
}

/** Whether the database was read: without it no figures are shown, instead of zeros. */
export const figuresKnown = (health: Health) => health.queries.length > 0;

export function headlineOf(health: Health): Headline {
  const named = (state: ComponentState) =>
    health.components.filter((component) => component.state === state).map((component) => component.name);
  const about = (key: HeadlineKey, tone: Headline["tone"], names: readonly ComponentName[] = []) => ({
    key,
    tone,
    names,
  });
  const broken = named("error");
  if (health.status === "down") return about("down", "bad", broken);
  if (broken.length > 0) return about("error", "bad", broken);
  const starting = named("starting");
  if (starting.length > 0) return about("starting", "warn", starting);
  const stopped = named("stopped");
  if (stopped.length > 0) return about("stopped", "neutral", stopped);
  if (health.rejects_too_many) return about("rejects", "warn");
  if (health.stale) return about("stale", "warn");
  if (health.incidents.length > 0) return about("incidents", "warn");
  const warned = named("warning");
  if (warned.length > 0) return about("warning", "warn", warned);
  const unknown = named("unknown");
  if (unknown.length > 0) return about("unknown", "warn", unknown);
  return health.newest_event_time === null ? about("empty", "neutral") : about("ok", "good");
}
