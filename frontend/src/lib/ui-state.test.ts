import { expect, it } from "vitest";

import { announce, ANNOUNCE_EVERY_MS, announcement } from "./ui-state";

it("reads out at most every half minute, so that a screen reader is no torrent", () => {
  announce("one", 1_000_000);
  announce("two", 1_000_000 + ANNOUNCE_EVERY_MS - 1);
  expect(announcement.get()).toBe("one");
  announce("three", 1_000_000 + ANNOUNCE_EVERY_MS);
  expect(announcement.get()).toBe("three");
});
