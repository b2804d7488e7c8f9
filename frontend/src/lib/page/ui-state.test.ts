import { expect, it } from "vitest";

import { announce, ANNOUNCE_EVERY_MS, announcement } from "./ui-state";

/** Later than anything that a test of a page, which shares the module, has read out. */
const TOMORROW = Date.now() + 86_400_000;

it("reads out at most every half minute, so that a screen reader is no torrent", () => {
  announce("one", TOMORROW);
  announce("two", TOMORROW + ANNOUNCE_EVERY_MS - 1);
  expect(announcement.get()).toBe("one");
  announce("three", TOMORROW + ANNOUNCE_EVERY_MS);
  expect(announcement.get()).toBe("three");
});
