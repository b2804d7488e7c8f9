/** A report of a platform that is well, to test with. */
import { at, freshness } from "./fixtures";
import type { Component, Health } from "@/lib/types";

export const component = (name: Component["name"], of: Partial<Component> = {}): Component => ({
  name,
  title: name,
  state: "ok",
  summary: `About ${name}.`,
  sentence: { code: "not_known", values: {} },
  advice: null,
  heartbeat_at: at(-3),
  rate: null,
  actions: [],
  links: [],
  ...of,
});

export function health(of: Partial<Health> = {}): Health {
  return {
    ...freshness(),
    status: "ok",
    components: [
      component("generator", { rate: 20, actions: ["stop", "restart", "set_rate"] }),
      component("kafka"),
      component("events_clean", {
        actions: ["stop", "restart"],
        links: [
          {
            kind: "asset",
            name: "events_clean",
            label: "Asset events_clean",
            url: "http://localhost:3000/assets/events_clean",
          },
        ],
      }),
      component("kpi_1m", { actions: ["stop", "restart"] }),
      component("postgres"),
      component("dbt", { heartbeat_at: null }),
      component("dagster"),
      component("api"),
    ],
    queries: (["events_clean", "kpi_1m"] as const).map((name) => ({
      name,
      batch_id: 7_018,
      committed_at: at(-1),
      event_time_lag_s: 0.6,
      lag_records: 3,
      input_rate: 20,
      processed_rate: 60,
      batch_ms: 294,
      checkpoint_bytes: 1_800_000,
      checkpoint_age_s: 0.4,
    })),
    batches: [-3_590, -20, -10].map((second) => ({
      at: at(second),
      query: "events_clean",
      batches: 4,
      records: 50,
      batch_ms: 294,
      lag_s: 0.6,
    })),
    rejected: [
      { reason: "not_json", records: 20 },
      { reason: "late", records: 5 },
    ],
    accepted: 975,
    checks: [
      {
        asset: "kpi_1m",
        name: "reconciliation",
        passed: true,
        severity: "ERROR",
        text: "Agrees.",
        evaluated_at: at(-30),
        url: "http://localhost:3000/a",
      },
    ],
    incidents: [],
    rejects_too_many: false,
    late: { waiting: 0, admitted: 0, hourly: false },
    ...of,
  };
}
