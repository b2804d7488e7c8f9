import { QueryClient, QueryObserver } from "@tanstack/react-query";
import { beforeEach, describe, expect, it, vi } from "vitest";

import { freshness, kpiReport, orderEvent, timeSeries } from "@/test/fixtures";
import { fakeApi } from "@/test/render";

import type { LiveHandlers, RangeQuery } from "../api";
import { keys, type Ticker } from "../cache";
import { createLiveHub, type LiveHub } from "./live-hub";

const RANGE: RangeQuery = { range: "15m", tz: "UTC" };

let client: QueryClient;
let hub: LiveHub;
let line: LiveHandlers;

beforeEach(() => {
  client = new QueryClient();
  const api = fakeApi();
  hub = createLiveHub(api, client);
  hub.listen({ range: RANGE, topics: ["kpi", "windows", "events", "health"] });
  const [first] = api.lines;
  if (!first) throw new Error("no line was opened");
  line = first;
});

describe("messages", () => {
  it("replace the KPIs of the range that was listened to", () => {
    const report = kpiReport();
    line.onMessage({ kind: "kpi", data: report });
    expect(client.getQueryData(keys.kpi(RANGE))).toEqual(report);
    expect(client.getQueryData(keys.kpi({ ...RANGE, range: "1h" }))).toBeUndefined();
  });

  it("move the series on even where only the clock beats", () => {
    client.setQueryData(keys.series(RANGE), timeSeries(15));
    line.onMessage({ kind: "beat", data: freshness(65) });
    expect(client.getQueryData<{ as_of: string }>(keys.series(RANGE))?.as_of).toBe(freshness(65).as_of);
  });

  it("say nothing of windows to a page that does not listen to them", () => {
    const before = timeSeries(15);
    client.setQueryData(keys.series(RANGE), before);
    const api = fakeApi();
    createLiveHub(api, client).listen({ range: RANGE, topics: ["events"] });
    api.lines[0]?.onMessage({ kind: "beat", data: freshness(300) });
    expect(client.getQueryData(keys.series(RANGE))).toBe(before);
  });

  it("have the series of a past day reloaded, once", () => {
    const today: RangeQuery = { range: "today", tz: "UTC" };
    const api = fakeApi();
    createLiveHub(api, client).listen({ range: today, topics: ["kpi", "windows"] });
    const series = timeSeries(15);
    const report = kpiReport();
    const of = (start: string) => ({
      ...report,
      current: { ...report.current, range: { ...report.current.range, start } },
    });
    client.setQueryData(keys.series(today), series);
    api.lines[0]?.onMessage({ kind: "kpi", data: of(series.range.start) });
    expect(client.getQueryState(keys.series(today))?.isInvalidated).toBe(false);
    api.lines[0]?.onMessage({
      kind: "kpi",
      data: of(new Date(Date.parse(series.range.start) + 86_400_000).toISOString()),
    });
    expect(client.getQueryState(keys.series(today))?.isInvalidated).toBe(true);
  });

  it("do not invent a series that was never read", () => {
    line.onMessage({ kind: "windows", data: { ...freshness(), windows: [] } });
    expect(client.getQueryData(keys.series(RANGE))).toBeUndefined();
  });

  it("prepend events, and tell whoever follows them", () => {
    const follower = vi.fn();
    const stop = hub.onEvents(follower);
    const batch = { ...freshness(), items: [orderEvent()], seen: 1, sampled: false };
    line.onMessage({ kind: "events", data: batch });
    stop();
    line.onMessage({ kind: "events", data: batch });
    expect(client.getQueryData<Ticker>(keys.ticker)?.items).toHaveLength(1);
    expect(follower).toHaveBeenCalledExactlyOnceWith(batch);
  });

  it("reload everything on resync, and what polls replace on poll", () => {
    const invalidate = vi.spyOn(client, "invalidateQueries");
    client.setQueryData(keys.series(RANGE), timeSeries(15));
    client.setQueryData(keys.about, {});
    line.onMessage({ kind: "poll" });
    expect(client.getQueryState(keys.series(RANGE))?.isInvalidated).toBe(true);
    expect(client.getQueryState(keys.about)?.isInvalidated).toBe(false);
    line.onMessage({ kind: "resync" });
    expect(client.getQueryState(keys.about)?.isInvalidated).toBe(true);
    expect(invalidate).toHaveBeenCalledTimes(2);
  });

  it("trust what was read just before the line stood, not what was read long before", () => {
    client.setQueryData(keys.series(RANGE), timeSeries(15));
    client.setQueryData(keys.health, {}, { updatedAt: Date.now() - 60_000 });
    line.onMessage({ kind: "opened" });
    expect(client.getQueryState(keys.series(RANGE))?.isInvalidated).toBe(false);
    expect(client.getQueryState(keys.health)?.isInvalidated).toBe(true);
  });
});

it("asks again for what failed once the server is back", async () => {
  const ask = vi.fn<() => Promise<string>>().mockRejectedValueOnce(new Error("away")).mockResolvedValue("there");
  const observer = new QueryObserver(client, { queryKey: keys.about, queryFn: ask, retry: false });
  const stop = observer.subscribe(() => undefined);
  await vi.waitFor(() => expect(observer.getCurrentResult().status).toBe("error"));
  line.onMessage({ kind: "opened" });
  await vi.waitFor(() => expect(observer.getCurrentResult().data).toBe("there"));
  stop();
});

describe("status", () => {
  it("keeps the newest event time, also where an older answer comes in later", () => {
    line.onMessage({ kind: "beat", data: freshness(10) });
    hub.note(freshness(0));
    expect(hub.status.get().newestEventTime).toBe(Date.parse(freshness(10).newest_event_time ?? ""));
  });

  it("knows when the last message came, even if an earlier response is recorded again", () => {
    line.onMessage({ kind: "beat", data: freshness(10) });
    const heardAt = hub.status.get().heardAt ?? 0;
    hub.note(freshness(0, 500), heardAt - 60_000);
    expect(hub.status.get()).toMatchObject({ heardAt, stale: false });
    hub.note(freshness(20), heardAt + 5);
    expect(hub.status.get().heardAt).toBe(heardAt + 5);
  });

  it("follows the line", () => {
    line.onState({ phase: "disconnected", reason: "ended", retryAt: 5 });
    expect(hub.status.get()).toMatchObject({ phase: "disconnected", reason: "ended", retryAt: 5 });
  });
});
