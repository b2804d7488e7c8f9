import { describe, expect, it } from "vitest";

import { at } from "@/test/fixtures";
import type { BatchPoint } from "@/lib/types";

import { ceilingOf, summaryOf, toSeries } from "./series";

const point = (second: number, of: Partial<BatchPoint> = {}): BatchPoint => ({
  at: at(second),
  query: "events_clean",
  batches: 4,
  records: 50,
  batch_ms: 300,
  lag_s: 0.6,
  ...of,
});

describe("toSeries", () => {
  const series = toSeries(
    [
      point(-3_000),
      point(-20, { query: "kpi_1m", batch_ms: 400, lag_s: null }),
      point(-10, { records: 7 }),
      point(-9_999),
      point(0),
    ],
    at(5),
  );

  it("is an hour of ten-second steps, up to the last that is over", () => {
    expect(series.at).toHaveLength(360);
    expect(series.at.at(-1)).toBe(Date.parse(at(-10)) / 1_000);
    expect(new Set(series.at.slice(1).map((second, index) => second - (series.at[index] ?? 0)))).toEqual(new Set([10]));
  });

  it("puts each batch in its place, and leaves a gap where there was none", () => {
    expect(series.records.events_clean.at(-1)).toBe(7);
    expect(series.batchMs.kpi_1m.at(-2)).toBe(400);
    expect(series.lagS.kpi_1m.at(-2)).toBeNull();
    expect(series.records.events_clean.filter((value) => value !== null)).toHaveLength(2);
  });

  it("is empty without batches", () =>
    expect(toSeries([], at(0)).batchMs.kpi_1m.every((value) => value === null)).toBe(true));
});

describe("what a column says", () => {
  it("is its last and its largest value", () => {
    expect(summaryOf([null, 3, 9, 2, null])).toEqual({ last: 2, largest: 9 });
    expect(summaryOf([null, null])).toBeNull();
  });

  it("fits its largest value", () => expect(ceilingOf([10, null, 20], [5])).toEqual({ top: 22, cut: false }));

  it("is not flattened by one peak, which is cut off", () => {
    const { top, cut } = ceilingOf([...new Array<number>(200).fill(10), 5_000]);
    expect(cut).toBe(true);
    expect(top).toBe(15);
  });

  it("has room for nothing", () => {
    expect(ceilingOf([])).toEqual({ top: 1, cut: false });
    expect(ceilingOf([0, 0])).toEqual({ top: 1, cut: false });
  });
});
