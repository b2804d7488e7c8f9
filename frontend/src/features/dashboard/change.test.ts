import { describe, expect, it } from "vitest";

import { changeOf } from "./change";

describe("changeOf", () => {
  it("is a share of what was, good or bad by what the figure is about", () => {
    expect(changeOf("count", 120, 100, "up")).toEqual({ kind: "change", by: 0.2, direction: "up", tone: "good" });
    expect(changeOf("count", 120, 100, "down")).toMatchObject({ direction: "up", tone: "bad" });
    expect(changeOf("count", 80, 100, "down")).toMatchObject({ direction: "down", tone: "good" });
  });

  it("is in points for rates", () =>
    expect(changeOf("percentage", 90, 94.5, "up")).toEqual({
      kind: "change",
      by: -4.5,
      direction: "down",
      tone: "bad",
    }));

  it("does not make news of noise", () => {
    expect(changeOf("money", 1_004, 1_000, "up")).toMatchObject({ direction: "same", tone: "neutral" });
    expect(changeOf("percentage", 90.04, 90, "up")).toMatchObject({ direction: "same" });
  });

  it("compares with nothing if nothing was", () => {
    expect(changeOf("count", 5, 0, "up")).toEqual({ kind: "none" });
    expect(changeOf("percentage", null, 90, "up")).toEqual({ kind: "none" });
    expect(changeOf("money", 5, null, "up")).toEqual({ kind: "none" });
    expect(changeOf("percentage", 90, 0, "up")).toMatchObject({ by: 90 });
  });

  it("compares with nothing if far too little was", () => {
    expect(changeOf("money", 6_299, 100, "up")).toEqual({ kind: "none" });
    expect(changeOf("count", 101, 10, "down")).toEqual({ kind: "none" });
    expect(changeOf("money", 101, -10, "up")).toEqual({ kind: "none" });
    expect(changeOf("count", 100, 10, "up")).toMatchObject({ by: 9, direction: "up" });
    expect(changeOf("count", 0, 100, "up")).toMatchObject({ by: -1, direction: "down" });
  });

  it("judges a percentage and an average by what they were divided by", () => {
    expect(changeOf("percentage", 90, 100, "up", { now: 500, before: 2 })).toEqual({ kind: "none" });
    expect(changeOf("percentage", 90, 0, "up", { now: 500, before: 50 })).toMatchObject({ by: 90 });
    expect(changeOf("money", 30, 10, "up", { now: 500, before: 2 })).toEqual({ kind: "none" });
    expect(changeOf("money", 500, 10, "up", { now: 3, before: 3 })).toMatchObject({ by: 49 });
  });
});
