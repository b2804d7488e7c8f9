import { describe, expect, it, vi } from "vitest";

import days from "../../../../tests/corpus/days.json";
import { presentName, startOfDay, timeZones } from "./zone";

// The API is held to the same table: tests/unit/api/test_ranges.py.
it.each(days)("the day of $at in $zone began at $start", ({ zone, at, start }) => {
  expect(new Date(startOfDay(Date.parse(at), zone)).toISOString()).toBe(start);
});

describe("names of zones", () => {
  const RENAMED = {
    "Asia/Saigon": "Asia/Ho_Chi_Minh",
    "Asia/Calcutta": "Asia/Kolkata",
    "Asia/Katmandu": "Asia/Kathmandu",
    "Asia/Rangoon": "Asia/Yangon",
    "Europe/Kiev": "Europe/Kyiv",
    "America/Buenos_Aires": "America/Argentina/Buenos_Aires",
  };

  it.each(Object.entries(RENAMED))("%s is offered as %s", (former, present) => {
    expect(presentName(former)).toBe(present);
    expect(timeZones()).toContain(present);
    expect(timeZones()).not.toContain(former);
  });

  it("are as many as the browser has, UTC first, each once", () => {
    const zones = timeZones();
    expect(zones[0]).toBe("UTC");
    expect(new Set(zones).size).toBe(zones.length);
    expect(zones.length).toBeGreaterThan(400);
    for (const zone of zones) expect(() => new Intl.DateTimeFormat("en", { timeZone: zone }), zone).not.toThrow();
  });

  it("stay as they are in a browser that does not know the present one", () => {
    vi.spyOn(Intl, "DateTimeFormat").mockImplementation(function () {
      throw new RangeError("Invalid time zone specified");
    });
    expect(presentName("Europe/Kiev")).toBe("Europe/Kiev");
  });
});
