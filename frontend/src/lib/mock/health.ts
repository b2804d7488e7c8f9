/** The health of the simulated platform: healthy, with an occasional slow batch. */
import type { BatchPoint, Component, Health, HealthSummary, Link } from "../types";
import { freshness } from "./reports";
import { createRandom, type Shop } from "./shop";

const DAGSTER = "http://localhost:3000";
const QUARTER_MS = 15 * 60_000;
const QUERIES = ["events_clean", "kpi_1m"] as const;

const link = (kind: Link["kind"], path: string, name: string | null = null): Link => ({
  kind,
  name,
  label: name ?? kind,
  url: DAGSTER + path,
});

function components(shop: Shop, now: number): Component[] {
  const rate = shop.rate * 5;
  const stateOf = (service: keyof Shop["down"]) =>
    shop.runs(service, now) ? "ok" : shop.down[service] === Infinity ? "stopped" : "starting";
  const line = (
    name: Component["name"],
    title: string,
    summary: string,
    sentence: Component["sentence"],
    rest: Partial<Component> = {},
  ): Component => ({
    ...{
      name,
      title,
      summary,
      sentence,
      state: "ok",
      advice: null,
      heartbeat_at: new Date(now - 700).toISOString(),
      rate: null,
      actions: [],
      links: [],
    },
    ...rest,
  });
  const beating = shop.runs("generator", now);
  const streaming = shop.runs("spark_stream", now);
  const query = (name: (typeof QUERIES)[number], age_s: number) =>
    line(
      name,
      `Spark query ${name}`,
      streaming ? `Commits a batch every ${age_s} s.` : "Commits nothing.",
      streaming ? { code: "committed", values: { batch: 48_210, age_s, records: 2 } } : { code: "no_batch" },
      {
        state: stateOf("spark_stream"),
        actions: streaming ? ["stop", "restart"] : ["start"],
        links: [link("asset", `/assets/${name}`, name)],
      },
    );
  return [
    line(
      "generator",
      "Generator",
      beating ? `Sends ${rate.toFixed(0)} events a second.` : "Sends nothing.",
      beating
        ? { code: "sends", values: { rate, wanted: rate } }
        : { code: "stopped", values: { at: new Date(now).toISOString() } },
      {
        state: stateOf("generator"),
        rate,
        advice: beating ? null : "Start it here, or in Dagster.",
        actions: beating ? ["stop", "restart", "set_rate"] : ["start"],
        links: [link("job", "/jobs", "start_generator")],
      },
    ),
    line("kafka", "Kafka", "One broker, 3 partitions of events_raw.", { code: "kafka_takes", values: { rate } }),
    query("events_clean", 0.4),
    query("kpi_1m", 0.5),
    line("postgres", "PostgreSQL", "Answers in 2 ms; 14 of 100 connections.", {
      code: "database_answers",
      values: { answer_ms: 2 },
    }),
    line(
      "dbt",
      "dbt views",
      "View v_kpi_24h is missing.",
      { code: "views_missing", values: { missing: 1, views: 6, names: "v_kpi_24h" } },
      {
        state: "warning",
        heartbeat_at: new Date(now - 26 * 3_600_000).toISOString(),
        advice: "Run the job dbt_build.",
        links: [link("job", "/jobs", "dbt_build")],
      },
    ),
    line(
      "dagster",
      "Dagster",
      "Daemon, code server and webserver beat.",
      { code: "checks_passed", values: { checks: 4 } },
      { links: [link("dagster", "/")] },
    ),
    line("api", "API", "Simulated in this browser.", { code: "api_up", values: { version: "mock", up_s: 3_600 } }),
  ];
}

/** An hour of ten-second steps, now and then with a slow batch. */
function batches(query: BatchPoint["query"], now: number): BatchPoint[] {
  const first = Math.floor((now - 3_600_000) / 10_000) * 10_000;
  const random = createRandom(QUERIES.indexOf(query));
  return Array.from({ length: 360 }, (_, index) => {
    const usual = 0.9 + 0.2 * random();
    const slow = random() < 0.012 ? 2 : 1;
    return {
      at: new Date(first + index * 10_000).toISOString(),
      query,
      batches: Math.round(21 * usual),
      records: Math.round(50 * usual),
      batch_ms: Math.round((query === "kpi_1m" ? 370 : 310) * usual * slow),
      lag_s: Math.round(60 * usual * slow) / 100,
    };
  });
}

export function healthSummary(shop: Shop, now: number): HealthSummary {
  return {
    ...freshness(shop, now),
    status: shop.runs("generator", now) && shop.runs("spark_stream", now) ? "ok" : "degraded",
    rejects_too_many: false,
    components: components(shop, now).map(({ name, state, summary, sentence }) => ({ name, state, summary, sentence })),
  };
}

export function health(shop: Shop, now: number): Health {
  const since = now - QUARTER_MS;
  const reasons = new Map<string, number>();
  for (const { reason, rejected_at } of shop.rejected) {
    if (Date.parse(rejected_at) >= since) reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
  }
  return {
    ...healthSummary(shop, now),
    components: components(shop, now),
    queries: QUERIES.map((name, index) => ({
      name,
      batch_id: 48_210 + (Math.floor(now / 500) % 100_000) - index * 310,
      committed_at: new Date(now - 320 - index * 90).toISOString(),
      event_time_lag_s: 0.6 + index * 0.1,
      lag_records: index + 2,
      input_rate: shop.runs("generator", now) ? shop.rate * 5 : 0,
      processed_rate: 11_800 + index * 3_100,
      batch_ms: 310 + index * 60,
      checkpoint_bytes: 18_400_000 + index * 4_200_000,
      checkpoint_age_s: 0.4,
    })),
    batches: QUERIES.flatMap((query) => batches(query, now)),
    rejected: [...reasons].map(([reason, records]) => ({ reason, records })).sort((a, b) => b.records - a.records),
    accepted: shop.events.filter((event) => Date.parse(event.event_time) >= since).length,
    late: { waiting: 3, admitted: 0, hourly: false },
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
