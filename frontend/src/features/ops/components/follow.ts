/** Whether a requested operation is done, according to repeated health reports. */
import type { OperateRequest } from "@/lib/api";
import type { Component, Health, OperateAnswer } from "@/lib/types";

export type Service = OperateRequest["service"];

export interface Asked {
  readonly request: OperateRequest;
  readonly answer: OperateAnswer;
  /** When the response came, by the server's clock, in milliseconds since 1970. */
  readonly at: number;
  /** Whether the service was seen stopped since then, which a restart requires. */
  readonly seenDown: boolean;
}

export type Progress = "underway" | "done" | "overdue";

/** After this the operation is overdue; the run's page shows why. */
export const OVERDUE_MS = 120_000;
/** After this time a running service counts as restarted: the restart was too quick to be seen. */
const QUICK_RESTART_MS = 30_000;

const MEMBERS: Readonly<Record<Service, readonly Component["name"][]>> = {
  generator: ["generator"],
  spark_stream: ["events_clean", "kpi_1m"],
};

export const serviceOf = (name: Component["name"]): Service | null =>
  (Object.keys(MEMBERS) as Service[]).find((service) => MEMBERS[service].includes(name)) ?? null;

const members = (health: Health, service: Service) =>
  health.components.filter((component) => MEMBERS[service].includes(component.name));

const runs = (component: Component) => component.state === "ok" || component.state === "warning";

/** Update by the newest health report. */
export function observe(asked: Asked, health: Health): Asked {
  if (asked.seenDown || Date.parse(health.as_of) < asked.at) return asked;
  return members(health, asked.request.service).some((component) => !runs(component))
    ? { ...asked, seenDown: true }
    : asked;
}

export function progressOf(asked: Asked, health: Health): Progress {
  const now = Date.parse(health.as_of);
  const those = members(health, asked.request.service);
  const running = those.length > 0 && those.every(runs);
  if (now >= asked.at) {
    const { request } = asked;
    const done = {
      start: () => running,
      stop: () => those.every((component) => component.state === "stopped"),
      restart: () => running && (asked.seenDown || now - asked.at > QUICK_RESTART_MS),
      set_rate: () => request.action === "set_rate" && those.every(({ rate }) => rate === request.rate),
    }[request.action]();
    if (done) return "done";
  }
  return now - asked.at > OVERDUE_MS ? "overdue" : "underway";
}
