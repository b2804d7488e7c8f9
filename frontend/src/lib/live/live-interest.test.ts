import { describe, expect, it } from "vitest";

import { freshness, kpiReport } from "@/test/fixtures";

import { isFor, readInterest, union, interestOf, writeInterest } from "./live-interest";

const hour = interestOf({ range: { range: "1h", tz: "UTC" }, topics: ["kpi", "windows"] });
const events = interestOf({ range: { range: "15m", tz: "UTC" }, topics: ["events"] });

describe("the interests of tabs", () => {
  it("become one, in one order, each value once", () => {
    expect(union([events, hour, hour])).toEqual({ ranges: ["15m", "1h"], topics: ["kpi", "windows", "events"] });
    expect(writeInterest(union([hour, events]))).toBe(writeInterest(union([events, hour])));
    expect(union([]).topics).toEqual([]);
  });

  it("are read as they were written", () => expect(readInterest(writeInterest(hour))).toEqual(hour));
});

describe("a message of the shared stream", () => {
  const report = kpiReport();
  const kpi = (name: "15m" | "1h") =>
    ({
      kind: "kpi",
      data: { ...report, current: { ...report.current, range: { ...report.current.range, name } } },
    }) as const;

  it("goes to the tabs whose stream would have had it", () => {
    expect(isFor(hour, kpi("1h"))).toBe(true);
    expect(isFor(hour, kpi("15m"))).toBe(false);
    expect(isFor(events, kpi("15m"))).toBe(false);
    const batch = { ...freshness(), items: [], seen: 0, sampled: false };
    expect([hour, events].map((interest) => isFor(interest, { kind: "events", data: batch }))).toEqual([false, true]);
    expect([hour, events].map((interest) => isFor(interest, { kind: "beat", data: freshness() }))).toEqual([
      true,
      true,
    ]);
    expect(isFor(events, { kind: "resync" })).toBe(true);
  });
});
