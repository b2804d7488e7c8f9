/** The platform of the simulated shop: well, with now and then a slow batch. */
import type { BatchPoint, Component, Health, HealthSummary } from "../types";
import { createRandom } from "./random";
import { freshness } from "./reports";
import type { Shop } from "./shop";

const DAGSTER = "http://localhost:3000";
const QUARTER_MS = 15 * 60_000;

export function components(shop: Shop, now: number): Component[] {
  const recently = (ms: number) => new Date(now - ms).toISOString();
  const beating = shop.runs("generator", now);
  const streaming = shop.runs("spark_stream", now);
  const coming = (service: "generator" | "spark_stream") => (shop.down[service] === Infinity ? ("stopped" as const) : ("starting" as const));
  const link = (label: string, path: string) => ({ label, url: DAGSTER + path });
  const line = (
    name: Component["name"],
    title: string,
    state: Component["state"],
    summary: string,
    rest: Partial<Component> = {},
  ): Component => ({ name, title, state, summary, advice: null, heartbeat_at: recently(700), rate: null, actions: [], links: [], ...rest });
  const query = (name: "events_clean" | "kpi_1m", seconds: string) =>
    line(name, `Spark query ${name}`, streaming ? "ok" : coming("spark_stream"), streaming ? `Commits a batch every ${seconds} s.` : "Commits nothing.", {
      actions: streaming ? ["stop", "restart"] : ["start"],
      links: [link(`Asset ${name}`, `/assets/${name}`)],
    });
  return [
    line(
      "generator",
      "Generator",
      beating ? "ok" : coming("generator"),
      beating ? `Sends ${(shop.rate * 5).toFixed(0)} events a second.` : "Sends nothing.",
      {
        rate: shop.rate * 5,
        advice: beating ? null : "Start it here, or in Dagster.",
        actions: beating ? ["stop", "restart", "set_rate"] : ["start"],
        links: [link("Job generator", "/jobs")],
      },
    ),
    line("kafka", "Kafka", "ok", "One broker, 3 partitions of events_raw."),
    query("events_clean", "0.4"),
    query("kpi_1m", "0.5"),
    line("postgres", "PostgreSQL", "ok", "Answers in 2 ms; 14 of 100 connections."),
    line("dbt", "dbt views", "warning", "Built 26 hours ago.", {
      heartbeat_at: recently(26 * 3_600_000),
      advice: "Run the job dbt_build.",
      links: [link("Job dbt_build", "/jobs")],
    }),
    line("dagster", "Dagster", "ok", "Daemon, code server and webserver beat.", { links: [link("Runs", "/runs")] }),
    line("api", "API", "ok", "Simulated in this browser."),
  ];
}

const wholeState = (shop: Shop, now: number) => (shop.runs("generator", now) && shop.runs("spark_stream", now) ? "ok" : "degraded");

/** An hour of ten-second steps, each near the one before, now and then with a slow batch. */
function batches(query: BatchPoint["query"], first: number): BatchPoint[] {
  const random = createRandom(query === "kpi_1m" ? 11 : 7);
  const usual = query === "kpi_1m" ? 370 : 310;
  let drift = 0;
  return Array.from({ length: 360 }, (_, index) => {
    drift = 0.9 * drift + 0.1 * (random.next() - 0.5);
    const slow = random.next() < 0.012 ? 1.6 + random.next() : 1;
    return {
      at: new Date(first + index * 10_000).toISOString(),
      query,
      batches: random.int(18, 24),
      records: Math.round(50 * (1 + drift) + random.int(-2, 2)),
      batch_ms: Math.round(usual * (1 + 2 * drift) * slow),
      lag_s: Math.round(60 * (1 + 2.5 * drift) * slow) / 100,
    };
  });
}

export function health(shop: Shop, now: number): Health {
  const since = now - QUARTER_MS;
  const reasons = new Map<string, number>();
  for (const record of shop.rejected) {
    if (Date.parse(record.rejected_at) >= since) reasons.set(record.reason, (reasons.get(record.reason) ?? 0) + 1);
  }
  const first = Math.floor((now - 3_600_000) / 10_000) * 10_000;
  return {
    ...freshness(shop, now),
    status: wholeState(shop, now),
    components: components(shop, now),
    queries: (["events_clean", "kpi_1m"] as const).map((name, index) => ({
      name,
      batch_id: 48_210 + Math.floor(now / 500) % 100_000 - index * 310,
      committed_at: new Date(now - 320 - index * 90).toISOString(),
      event_time_lag_s: 0.6 + index * 0.1,
      lag_records: index + 2,
      input_rate: shop.runs("generator", now) ? shop.rate * 5 : 0,
      processed_rate: 11_800 + index * 3_100,
      batch_ms: 310 + index * 60,
      checkpoint_bytes: 18_400_000 + index * 4_200_000,
      checkpoint_age_s: 0.4,
    })),
    batches: (["events_clean", "kpi_1m"] as const).flatMap((query) => batches(query, first)),
    rejected: [...reasons].map(([reason, records]) => ({ reason, records })).sort((a, b) => b.records - a.records),
    accepted: shop.events.filter((event) => Date.parse(event.event_time) >= since).length,
    checks: [
      { asset: "events_clean", name: "no_record_lost", passed: true, text: "Offsets, ledger and rows agree." },
      { asset: "kpi_1m", name: "equals_recomputation", passed: true, text: "1,440 windows agree with events_clean." },
      { asset: "kpi_1m", name: "freshness", passed: true, text: "Newest window is 0.7 s behind." },
      { asset: "v_kpi_24h", name: "not_null", passed: false, text: "Built 26 hours ago." },
    ].map((check) => ({
      ...check,
      severity: check.passed ? ("ERROR" as const) : ("WARN" as const),
      evaluated_at: new Date(now - 42_000).toISOString(),
      url: `${DAGSTER}/assets/${check.asset}`,
    })),
    incidents: [],
  };
}

export function healthSummary(shop: Shop, now: number): HealthSummary {
  return {
    ...freshness(shop, now),
    status: wholeState(shop, now),
    components: components(shop, now).map(({ name, state, summary }) => ({ name, state, summary })),
  };
}
