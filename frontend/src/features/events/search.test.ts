import { describe, expect, it } from "vitest";

import { recordKey, secondOf } from "./drawer/record-key";
import { change, cleared, clip, filtersOf, isFiltered, parseSearch } from "./search";

const FULL = {
  type: ["order_created", "payment_failed"],
  status: ["failed"],
  currency: ["USD", "VND"],
  order: "ORD1",
  user: "USR1",
  q: "abc",
  span: "1h",
  event: "e1",
} as const;

describe("parseSearch", () => {
  it("keeps what it made, so a reload and a shared link keep the filters", () => {
    expect(parseSearch(FULL)).toEqual(FULL);
    expect(parseSearch(JSON.parse(JSON.stringify(parseSearch(FULL))) as Record<string, unknown>)).toEqual(FULL);
  });

  it("takes lists as people type them, in one order and each value once", () => {
    expect(parseSearch({ type: "payment_failed,order_created,order_created", currency: "VND,USD,VND" })).toEqual({
      type: ["order_created", "payment_failed"],
      currency: ["USD", "VND"],
    });
  });

  it.each([
    ["an unknown value", { type: "refund", status: ["lost"], reason: "boring", span: "1y", tab: "other" }],
    ["another kind", { type: 3, currency: { a: 1 }, order: ["x"], q: true, from: 17 }],
    ["an empty or endless text", { q: "  ", order: "x".repeat(51) }],
    ["no moment", { from: "yesterday", to: "2026-13-45T00:00:00Z" }],
    ["no currency", { currency: "usd,DOLLAR" }],
    ["no source", { source: "My Shop,1st" }],
    ["NUL", { q: "a\0b" }],
  ])("drops %s", (_what, raw) => expect(parseSearch(raw)).toEqual({}));

  it("counts characters as the API does, and keeps blanks at the ends of an id", () => {
    const longest = { order: "💥".repeat(50), user: " USR1\u00a0", q: " a ", event: "e " };
    expect(parseSearch(longest)).toEqual(longest);
    expect(parseSearch({ order: "💥".repeat(51), user: "ü".repeat(51) })).toEqual({});
    expect(clip("💥".repeat(60))).toBe("💥".repeat(50));
  });

  it("keeps the key of a record of the longest topic", () => {
    const record = `${"t".repeat(249)}~100000~9223372036854775807~1772359200123`;
    expect(parseSearch({ record })).toEqual({ record });
  });

  it("writes moments in UTC", () =>
    expect(parseSearch({ from: "2026-03-01T07:00:00+07:00" })).toEqual({ from: "2026-03-01T00:00:00.000Z" }));

  it("keeps a span rather than two moments, and no range that ends before it begins", () => {
    const [early, late] = ["2026-03-01T00:00:00.000Z", "2026-03-02T00:00:00.000Z"];
    expect(parseSearch({ span: "15m", from: early, to: late })).toEqual({ span: "15m" });
    expect(parseSearch({ from: late, to: early })).toEqual({ from: late });
    expect(parseSearch({ from: early, to: late })).toEqual({ from: early, to: late });
  });
});

describe("changing", () => {
  it("takes out what is unset, and leaves the rest", () => {
    expect(change(FULL, { type: [], q: undefined, order: "" })).toEqual({
      status: ["failed"],
      currency: ["USD", "VND"],
      user: "USR1",
      span: "1h",
      event: "e1",
    });
  });

  it("clears the filters of the tab, not the drawer", () => {
    expect(cleared(FULL)).toEqual({ event: "e1" });
    expect(cleared({ tab: "rejected", reason: ["late"], span: "1h", record: "r" })).toEqual({
      tab: "rejected",
      record: "r",
    });
  });

  it("knows whether anything is filtered", () => {
    expect(isFiltered({ event: "e1" })).toBe(false);
    expect(isFiltered({ tab: "rejected", type: ["order_created"] })).toBe(false);
    expect(isFiltered({ tab: "rejected", reason: ["late"] })).toBe(true);
    expect(filtersOf(FULL)).not.toHaveProperty("event");
  });
});

describe("the key of a rejected record", () => {
  const record = {
    topic: "events_raw",
    partition: 2,
    offset: 880_111,
    rejected_at: "2026-03-01T10:00:00.123456Z",
    kafka_time: "2026-03-01T10:00:00Z",
    reason: "late",
    detail: null,
    payload: null,
    payload_bytes: 0,
    payload_truncated: false,
    payload_sha256: null,
    replayed_at: null,
    source: null,
    unmapped_reason: null,
  } as const;

  it("leads to the second in which it was rejected, so that a shared link finds it", () => {
    expect(recordKey(record)).toBe("events_raw~2~880111~1772359200123");
    expect(secondOf(recordKey(record))).toEqual({ from: "2026-03-01T10:00:00.123Z", to: "2026-03-01T10:00:01.123Z" });
  });

  it.each(["", "events_raw", "a~b~c~d", "a~1~2~99999999999999999"])("is not %j", (key) =>
    expect(secondOf(key)).toBeNull(),
  );
});
