import { describe, expect, it } from "vitest";

import { parseLimit, writeLimit } from "./limit";

describe("parseLimit", () => {
  it.each([
    ["500.000", "vi", 500_000],
    ["80,5", "vi", 80.5],
    ["1.500.000,25", "vi", 1_500_000.25],
    ["500,000", "en", 500_000],
    ["80.5", "en", 80.5],
    [" 1500 ", "vi", 1_500],
    ["0", "en", 0],
  ])("reads %s in %s", (text, locale, wanted) => expect(parseLimit(text, locale)).toBe(wanted));

  it.each([
    ["80.5", "vi"],
    ["50.00", "vi"],
    ["5,0", "en"],
    ["-3", "en"],
    ["", "en"],
    ["1e3", "en"],
    ["ten", "vi"],
  ])("does not guess what %s in %s may mean", (text, locale) => expect(parseLimit(text, locale)).toBeNull());

  it.each(["en", "vi"])("reads what it wrote in %s", (locale) =>
    expect(parseLimit(writeLimit(1_234_567.5, locale), locale)).toBe(1_234_567.5),
  );
});
