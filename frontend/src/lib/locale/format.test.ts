import { describe, expect, it } from "vitest";

import { DASH, formatFor } from "./format";

const en = formatFor("en", "Asia/Ho_Chi_Minh");
const vi = formatFor("vi", "Asia/Ho_Chi_Minh");
/** Intl writes no-break spaces. */
const plain = (text: string) => text.replace(/[\u00a0\u202f]/g, " ");

describe("money", () => {
  it("has its currency, and its currency's decimals", () => {
    expect(en.money("1499000.00", "VND")).toBe("₫1,499,000");
    expect(en.money("1499.5", "USD")).toBe("$1,499.50");
    expect(plain(vi.money("1499000.00", "VND"))).toBe("1.499.000 ₫");
    expect(plain(vi.money("1499.50", "USD"))).toBe("1.499,50 US$");
    expect(en.money("15000.00", "JPY")).toBe("¥15,000");
  });

  it("shows the decimals of an amount that has more than its currency", () => {
    expect(en.money("0.40", "VND")).toBe("₫0.40");
    expect(plain(vi.money("1499000.50", "VND"))).toBe("1.499.000,50 ₫");
  });

  it("rounds an average to the decimals of its currency", () => {
    expect(en.moneyAverage("1121712.36", "VND")).toBe("₫1,121,712");
    expect(plain(vi.moneyAverage("1174225.83", "VND"))).toBe("1.174.226 ₫");
    expect(en.moneyAverage("57.50", "USD")).toBe("$57.50");
    expect(en.moneyAverage(null, "USD")).toBe(DASH);
  });

  it("is exact beyond what a float holds", () => {
    expect(en.money("9007199254740993.55", "USD")).toBe("$9,007,199,254,740,993.55");
  });

  it("is a dash where there is none", () => {
    expect(en.money(null, "USD")).toBe(DASH);
    expect(en.moneyShort(null, "USD")).toBe(DASH);
  });

  it("keeps its currency when short", () => {
    expect(en.moneyShort("26284721000.00", "VND")).toBe("₫26.3B");
    expect(plain(vi.moneyShort("26284721000.00", "VND"))).toBe("26,3 T ₫");
  });
});

describe("shares", () => {
  it("has one decimal, or is a dash", () => {
    expect(en.percent(87.5)).toBe("87.5%");
    expect(vi.percent(87.5)).toBe("87,5%");
    expect(en.percent(null)).toBe(DASH);
  });

  it("signs changes with a true minus", () => {
    expect(en.change(0.124)).toBe("+12.4%");
    expect(en.change(-0.124)).toBe("\u221212.4%");
    expect(en.points(-1.25)).toBe("\u22121.3");
  });
});

describe("times", () => {
  const moment = "2026-03-01T17:05:09Z";

  it("are of the zone, with 24 hours", () => {
    expect(en.minute(moment)).toBe("00:05");
    expect(en.time(moment)).toBe("00:05:09");
    expect(en.dateTime(moment)).toBe("2 Mar 2026, 00:05:09");
    expect(formatFor("en", "America/New_York").minute(moment)).toBe("12:05");
  });

  it.each([
    [0.61, "0.6 s"],
    [9.96, "10 s"],
    [59, "59 s"],
    [120, "2 min"],
    [7_200, "2 h"],
    [259_200, "3 d"],
    [-2, "0.0 s"],
  ])("writes %s seconds as %s", (seconds, text) => expect(en.duration(seconds)).toBe(text));

  it("writes durations in Vietnamese", () => expect(vi.duration(0.61)).toBe("0,6 giây"));
});

it("writes bytes", () => {
  expect(en.bytes(512)).toBe("512 B");
  expect(en.bytes(18_400_000)).toBe("18.4 MB");
});
