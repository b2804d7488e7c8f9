import { expect, it } from "vitest";

import { startOfDay } from "./zone";

const start = (at: string, zone: string) => new Date(startOfDay(Date.parse(at), zone)).toISOString();

it.each([
  ["2026-03-01T10:00:00Z", "Asia/Ho_Chi_Minh", "2026-02-28T17:00:00.000Z"],
  ["2026-03-01T18:00:00Z", "Asia/Ho_Chi_Minh", "2026-03-01T17:00:00.000Z"],
  ["2026-03-01T10:00:00Z", "UTC", "2026-03-01T00:00:00.000Z"],
  ["2026-03-01T10:00:00Z", "Asia/Kolkata", "2026-02-28T18:30:00.000Z"],
])("the day of %s in %s began at %s", (at, zone, expected) => expect(start(at, zone)).toBe(expected));

it("takes the offset of midnight, not of now, on days when the clock changes", () => {
  expect(start("2026-03-29T12:00:00Z", "Europe/Berlin")).toBe("2026-03-28T23:00:00.000Z");
  expect(start("2026-10-25T12:00:00Z", "Europe/Berlin")).toBe("2026-10-24T22:00:00.000Z");
  expect(start("2026-11-01T12:00:00Z", "America/New_York")).toBe("2026-11-01T04:00:00.000Z");
});
