import { describe, expect, it } from "vitest";

import { passes } from "@/lib/passes";
import { at, orderEvent, TEN } from "@/test/fixtures";

import { isPast, spanStart, toEventFilters, toRejectedFilters } from "./filters";
import { fromWall, toWall } from "./wall-time";

describe("what the API is asked", () => {
  it("is what is set, by the API's names", () => {
    expect(
      toEventFilters(
        { type: ["payment_failed"], currency: ["VND"], order: "ORD1", user: "USR1", q: "a", from: at(0), to: at(9) },
        TEN,
        "UTC",
      ),
    ).toEqual({
      event_type: ["payment_failed"],
      currency: ["VND"],
      order_id: "ORD1",
      user_id: "USR1",
      q: "a",
      from: at(0),
      to: at(9),
    });
    expect(toEventFilters({}, TEN, "UTC")).toEqual({});
    expect(toRejectedFilters({ tab: "rejected", reason: ["late"], type: ["order_created"] }, TEN, "UTC")).toEqual({
      reason: ["late"],
    });
  });

  it("begins a span at the minute at which the dashboard's range of that name begins", () => {
    expect(spanStart("15m", TEN + 20_000, "UTC")).toBe("2026-03-01T09:46:00.000Z"); // docs/api.md, Ranges
    expect(spanStart("15m", TEN, "UTC")).toBe("2026-03-01T09:45:00.000Z");
    expect(spanStart("1h", TEN + 1, "UTC")).toBe("2026-03-01T09:01:00.000Z");
    expect(spanStart("24h", TEN + 59_999, "UTC")).toBe("2026-02-28T10:01:00.000Z");
    expect(spanStart("today", TEN, "Asia/Ho_Chi_Minh")).toBe("2026-02-28T17:00:00.000Z");
  });
});

describe("which live events belong to the list", () => {
  const event = orderEvent({
    id: "abc-1",
    order_id: "ORD12",
    user_id: "USR7",
    event_time: at(5),
    event_type: "payment_failed",
    status: "failed",
    currency: "USD",
  });

  it.each([
    [{}, true],
    [{ event_type: ["payment_failed", "order_created"] }, true],
    [{ event_type: ["order_created"] }, false],
    [{ status: ["success"] }, false],
    [{ currency: ["VND"] }, false],
    [{ order_id: "ORD1" }, false],
    [{ order_id: "ORD12" }, true],
    [{ user_id: "USR7" }, true],
    [{ q: "ord1" }, true],
    [{ q: "ABC" }, true],
    [{ q: "12" }, false],
    [{ q: " usr7 " }, true],
    [{ from: at(5) }, true],
    [{ from: at(6) }, false],
    [{ to: at(5) }, false],
    [{ to: at(6) }, true],
  ] as const)("%j: %j", (filters, expected) => expect(passes(event, filters)).toBe(expected));

  it("is none where the range has ended", () => {
    expect(isPast({ to: at(-1) }, TEN)).toBe(true);
    expect(isPast({ to: at(1) }, TEN)).toBe(false);
    expect(isPast({ from: at(-9) }, TEN)).toBe(false);
  });
});

describe("wall time", () => {
  it.each([
    ["Asia/Ho_Chi_Minh", "2026-03-01T03:00:00.000Z", "2026-03-01T10:00"],
    ["UTC", "2026-03-01T03:00:09.000Z", "2026-03-01T03:00:09"],
    ["America/New_York", "2026-03-08T07:30:00.000Z", "2026-03-08T03:30"],
    ["America/New_York", "2026-03-08T06:30:00.000Z", "2026-03-08T01:30"],
    ["Europe/Berlin", "2026-10-25T00:30:00.000Z", "2026-10-25T02:30"],
  ])("%s: there and back", (zone, moment, wall) => {
    expect(toWall(moment, zone)).toBe(wall);
    expect(fromWall(wall, zone)).toBe(moment);
  });

  it("that the clock skips is read as by the clock before", () =>
    expect(fromWall("2026-03-08T02:30", "America/New_York")).toBe("2026-03-08T07:30:00.000Z"));

  it("of nothing is nothing", () => {
    expect(toWall(undefined, "UTC")).toBe("");
    expect(fromWall("", "UTC")).toBeUndefined();
    expect(fromWall("soon", "UTC")).toBeUndefined();
  });
});
