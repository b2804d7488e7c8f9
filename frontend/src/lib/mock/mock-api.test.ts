import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import { TEN } from "@/test/fixtures";

import type { Api, LiveMessage, RangeQuery } from "../api";
import { createMockApi } from "./mock-api";

const HOUR: RangeQuery = { range: "1h", tz: "UTC" };

let api: Api;

/** The answer, with the time passing that it takes. */
async function after<T>(asked: Promise<T>): Promise<T> {
  await vi.advanceTimersByTimeAsync(60);
  return asked;
}

beforeEach(() => {
  vi.useFakeTimers({ now: TEN + 30_000 });
  api = createMockApi();
});
afterEach(() => void vi.useRealTimers());

describe("the simulated shop", () => {
  it("tells the same story in KPIs, series and events", async () => {
    const report = await after(api.getKpi(HOUR));
    const series = await after(api.getTimeSeries(HOUR));
    const revenue = series.currencies["VND"]?.revenue.reduce((sum, amount) => sum + Number(amount), 0) ?? 0;
    const vnd = report.current.currencies.find(({ currency }) => currency === "VND");
    // The two answers are 60 ms apart, in which a payment may have come.
    expect(Math.abs(revenue - Number(vnd?.revenue))).toBeLessThan(20_000_000);
    expect(report.current.totals.orders_created).toBeGreaterThan(500);
    expect(report.previous.totals.orders_created).toBeGreaterThan(500);
  });

  it("answers the same twice: it is seeded", async () => {
    const again = createMockApi();
    const [one, other] = await after(Promise.all([api.getEvents({ limit: 5 }), again.getEvents({ limit: 5 })]));
    expect(one.items).toEqual(other.items);
  });

  it("pages by its cursor without a gap", async () => {
    const first = await after(api.getEvents({ limit: 3, currency: ["USD"] }));
    const second = await after(api.getEvents({ limit: 3, currency: ["USD"], cursor: first.next_cursor ?? "" }));
    const times = [...first.items, ...second.items].map(({ event_time }) => event_time);
    expect(times).toHaveLength(6);
    expect([...times].sort().reverse()).toEqual(times);
    expect(new Set([...first.items, ...second.items].map(({ id }) => id)).size).toBe(6);
  });

  it("knows an order's journey", async () => {
    const [event] = (await after(api.getEvents({ limit: 1, event_type: ["payment_success"] }))).items;
    const journey = await after(api.getOrder(event?.order_id ?? ""));
    expect(journey.events.map(({ event_type }) => event_type)).toEqual([
      "order_created",
      "payment_initiated",
      "payment_success",
    ]);
    expect(journey.outcome).toBe("paid");
    await expect(after(api.getOrder("ORD1").catch((error: unknown) => error))).resolves.toMatchObject({ status: 404 });
  });

  it("is live: windows, KPIs and events come by themselves, and stop when closed", async () => {
    const messages: LiveMessage[] = [];
    const connection = api.live(
      { range: HOUR, topics: ["kpi", "windows", "events"] },
      { onState: () => undefined, onMessage: (message) => messages.push(message) },
    );
    await vi.advanceTimersByTimeAsync(12_000);
    const kinds = new Set(messages.map(({ kind }) => kind));
    expect(kinds).toEqual(new Set(["beat", "windows", "kpi", "events"]));
    connection.close();
    const count = messages.length;
    await vi.advanceTimersByTimeAsync(12_000);
    expect(messages).toHaveLength(count);
  });

  it("stops and starts on command", async () => {
    await after(api.operate({ service: "generator", action: "stop" }));
    const health = await after(api.getSystemHealth());
    expect(health.components.find(({ name }) => name === "generator")?.state).toBe("stopped");
  });
});
