import { describe, expect, it } from "vitest";

import { columns, currencyKpi, freshness, kpiWindow, orderEvent, TEN, timeSeries } from "@/test/fixtures";

import { advanceSeries, EMPTY_TICKER, mergeTicker, patchHealth, patchSeries, patchTicker } from "./cache";
import type { Health } from "./types";

describe("patchSeries", () => {
  it("puts changed windows in their places and leaves the others", () => {
    const before = timeSeries(3);
    const after = patchSeries(before, {
      ...freshness(40),
      windows: [
        kpiWindow(-60, false, [currencyKpi("VND", { revenue: "777.00", orders_created: 9 })]),
        kpiWindow(0, true, [currencyKpi("VND", { revenue: "5.00", orders_created: 1 })]),
      ],
    });
    expect(after.currencies["VND"]?.revenue).toEqual(["100000.00", "777.00", "5.00"]);
    expect(after.currencies["VND"]?.orders_created).toEqual([3, 9, 1]);
    expect(after.currencies["USD"]).toEqual(before.currencies["USD"]);
    expect(after.newest_event_time).toBe(freshness(40).newest_event_time);
    expect(before.currencies["VND"]?.revenue).toEqual(["100000.00", "100000.00", "100000.00"]);
  });

  it("adds the window that began since, and the minutes without events between", () => {
    const after = patchSeries(timeSeries(3), {
      ...freshness(130),
      windows: [kpiWindow(120, true, [currencyKpi("USD", { revenue: "4.20" })])],
    });
    expect(after.starts.slice(-3)).toEqual([TEN / 1_000, TEN / 1_000 + 60, TEN / 1_000 + 120]);
    expect(after.currencies["USD"]?.revenue.slice(-3)).toEqual(["10.50", "0.00", "4.20"]);
    expect(after.open_from).toBe(TEN / 1_000 + 120);
  });

  it("ignores windows outside the range and currencies it does not know", () => {
    const before = timeSeries(3);
    const after = patchSeries(before, {
      ...freshness(31),
      windows: [
        kpiWindow(-86_400, false, [currencyKpi("VND", { revenue: "1.00" })]),
        kpiWindow(0, true, [currencyKpi("EUR", { revenue: "1.00" })]),
      ],
    });
    expect(after.currencies).toEqual(before.currencies);
  });

  it("leaves series of hours alone", () => {
    const hours = { ...timeSeries(3), step_s: 3_600, range: { ...timeSeries(3).range, name: "custom" as const } };
    expect(
      patchSeries(hours, { ...freshness(40), windows: [kpiWindow(0, true, [currencyKpi("VND", { revenue: "1.00" })])] })
        .currencies,
    ).toBe(hours.currencies);
  });
});

describe("advanceSeries", () => {
  it("drops what fell out of a moving range, as the server does", () => {
    const after = advanceSeries(timeSeries(15), freshness(65));
    // 09:46:05 back: the window of 09:46 began before that.
    expect(after.starts[0]).toBe(TEN / 1_000 - 60 * 13);
    expect(after.starts).toHaveLength(15);
    expect(after.currencies["VND"]?.orders_created).toHaveLength(15);
  });

  it("keeps the beginning of today", () => {
    const today = { ...timeSeries(15), range: { ...timeSeries(15).range, name: "today" as const } };
    expect(advanceSeries(today, freshness(65)).starts).toHaveLength(16);
  });

  it("calls every window running that the newest event has not passed", () => {
    expect(advanceSeries(timeSeries(15), freshness(30, 200)).open_from).toBe(TEN / 1_000 - 180);
    expect(advanceSeries(timeSeries(15), freshness(30, null)).open_from).toBe(TEN / 1_000 - 60 * 14);
  });

  it("does not touch a fixed range", () => {
    const fixed = { ...timeSeries(3), range: { ...timeSeries(3).range, name: "custom" as const } };
    expect(advanceSeries(fixed, freshness(600))).toBe(fixed);
  });

  it("copes with an empty series", () => {
    const empty = { ...timeSeries(0), currencies: { VND: columns(0) }, open_from: null };
    expect(advanceSeries(empty, freshness(600))).toBe(empty);
  });
});

describe("patchTicker", () => {
  const batch = (ids: string[], sampled = false) => ({
    ...freshness(),
    items: ids.map((id) => orderEvent({ id })),
    seen: ids.length,
    sampled,
  });

  it("puts new events first, each once, and forgets the oldest", () => {
    let ticker = patchTicker(EMPTY_TICKER, batch(["b", "a"]));
    ticker = patchTicker(ticker, batch(["c", "b"]));
    expect(ticker.items.map(({ id }) => id)).toEqual(["c", "b", "a"]);
    ticker = patchTicker(ticker, batch(Array.from({ length: 100 }, (_, index) => `x${index}`)));
    expect(ticker.items).toHaveLength(60);
  });

  it("takes events that were read in the order of their times, each once", () => {
    const ticker = patchTicker(EMPTY_TICKER, batch(["old"]));
    const read = [
      orderEvent({ id: "new", event_time: new Date(TEN + 60_000).toISOString() }),
      orderEvent({ id: "old" }),
    ];
    expect(mergeTicker(ticker, read).items.map(({ id }) => id)).toEqual(["new", "old"]);
  });

  it("says what a selection stands for", () => {
    const ticker = patchTicker(EMPTY_TICKER, { ...batch(["a"], true), seen: 57 });
    expect(ticker).toMatchObject({ sampled: true, shown: 1, seen: 57 });
  });
});

it("patches the state of components that are known", () => {
  const component = {
    name: "kafka",
    title: "Kafka",
    state: "ok",
    summary: "Fine.",
    sentence: { code: "kafka_read" },
    advice: null,
    heartbeat_at: null,
  } as const;
  const health = {
    ...freshness(),
    status: "ok",
    components: [component],
    queries: [],
    batches: [],
    rejected: [],
    accepted: 0,
    checks: null,
    incidents: [],
    rejects_too_many: false,
    late: { waiting: 0, admitted: 0, hourly: false },
  } satisfies Health;
  const after = patchHealth(health, {
    ...freshness(5),
    status: "down",
    pipeline: "stopped",
    rejects_too_many: true,
    components: [
      { name: "kafka", state: "error", summary: "It does not answer.", sentence: { code: "kafka_unknown" } },
    ],
  });
  expect(after).toMatchObject({ pipeline: "stopped", rejects_too_many: true });
  expect(after.status).toBe("down");
  expect(after.components[0]).toEqual({
    ...component,
    state: "error",
    summary: "It does not answer.",
    sentence: { code: "kafka_unknown" },
  });
});
