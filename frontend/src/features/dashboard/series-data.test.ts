import { describe, expect, it } from "vitest";

import { columns, TEN, timeSeries } from "@/test/fixtures";

import { closedCount, columnOf, sparkOf, valueAt } from "./figures";
import { columnsOf, isEmpty, plotData } from "./series-data";
import { sparkPaths } from "./sparkline";

const series = timeSeries(5);

describe("columns", () => {
  it("add counts over currencies, never money", () => {
    expect(columnOf(series, "orders_created", "VND")).toEqual([4, 4, 4, 4, 4]);
    expect(columnOf(series, "revenue", "VND")[0]).toBe(100_000);
    expect(columnOf(series, "revenue", "USD")[0]).toBe(10.5);
    expect(columnOf(series, "revenue", "EUR")).toEqual([0, 0, 0, 0, 0]);
  });

  it("hold a rate, or nothing if nothing ended", () => {
    expect(columnsOf(series, "success_rate", "VND")[0]?.[0]).toBe(75);
    const quiet = { ...series, currencies: { VND: columns(5) } };
    expect(columnsOf(quiet, "success_rate", "VND")[0]).toEqual([null, null, null, null, null]);
  });

  it("are three for payments", () => expect(columnsOf(series, "payments", "VND")).toHaveLength(3));
});

describe("plotData", () => {
  it("keeps closed and running windows apart", () => {
    const [x, closed, running, flags] = plotData(series, "orders", "VND", false);
    expect(x.at(-1)).toBe(TEN / 1_000 + 30);
    expect(closed).toEqual([4, 4, 4, 4, null]);
    expect(running).toEqual([null, null, null, null, 4]);
    expect(flags).toEqual([null, null, null, null, 1]);
  });

  it("joins the running part to the last closed point of a line", () => {
    expect(plotData(series, "orders", "VND", true)[2]).toEqual([null, null, null, 4, 4]);
  });

  it("has no running part where all is closed", () => {
    const shut = { ...series, open_from: null };
    expect(closedCount(shut)).toBe(5);
    expect(plotData(shut, "orders", "VND", true)[2]).toEqual([null, null, null, null, null]);
  });
});

describe("valueAt", () => {
  it("is a figure of one window, of money as it was answered", () => {
    const row = (["revenue", "orders_created", "payment_success", "success_rate", "average_order_value"] as const).map(
      (name) => valueAt(series, name, "USD", 4),
    );
    expect(row).toEqual(["10.50", 4, 3, 75, "20.00"]);
    expect(valueAt(series, "revenue", "EUR", 4)).toBe("0.00");
    expect(valueAt(series, "average_order_value", "EUR", 4)).toBeNull();
  });
});

describe("sparkOf", () => {
  it("leaves the running window out, which would look like a drop", () =>
    expect(sparkOf("orders_created", series, "VND")).toEqual([4, 4, 4, 4]));

  it("gathers long ranges in as large parts, from the newest back", () => {
    const points = sparkOf("orders_created", timeSeries(1_440), "VND");
    expect(points).toHaveLength(47);
    expect(new Set(points)).toEqual(new Set([120]));
  });

  it("divides sums, rather than averaging quotients", () => {
    expect(sparkOf("average_order_value", series, "USD")[0]).toBe(20);
    expect(sparkOf("success_rate", series, "USD")[0]).toBe(75);
  });
});

describe("sparkPaths", () => {
  it("breaks where there is nothing, and shades only what there is", () => {
    const { line, area } = sparkPaths([null, 1, 2, null, 3, 4]);
    expect(line.match(/M/g)).toHaveLength(2);
    expect(area).toMatch(/^M20\.0 28L20\.0 /);
  });
  it("needs two points", () => expect(sparkPaths([null, 1])).toEqual({ line: "", area: "" }));
  it("is flat, not broken, for equal values", () => expect(sparkPaths([5, 5]).line).not.toContain("NaN"));
});

it("knows when nothing at all happened", () => {
  expect(isEmpty(series)).toBe(false);
  expect(isEmpty({ ...series, currencies: { VND: columns(5) } })).toBe(true);
  expect(isEmpty({ ...series, currencies: { VND: columns(5, { orders_cancelled: [0, 0, 0, 0, 1] }) } })).toBe(false);
});
