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
});
