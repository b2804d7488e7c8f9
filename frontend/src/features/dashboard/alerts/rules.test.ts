import * as v from "valibot";
import { describe, expect, it } from "vitest";

import { columns, TEN, timeSeries } from "@/test/fixtures";

import { AlertSettings, firing, isWatching, lastQuarter } from "./rules";

const OFF = v.parse(AlertSettings, {});
const on = (limit: number) => ({ on: true, limit });

describe("lastQuarter", () => {
  it("sums the last 15 closed windows, each currency's money for itself", () => {
    expect(lastQuarter(timeSeries(60))).toEqual({
      orders: 60,
      paid: 45,
      failed: 15,
      cancelled: 0,
      revenue: { VND: 1_500_000, USD: 157.5 },
    });
  });

  it("makes do with the 14 closed windows of the range of 15 minutes", () =>
    expect(lastQuarter(timeSeries(15))?.orders).toBe(56));

  it("knows the range of 15 minutes also while its last minute but one may still change", () =>
    expect(lastQuarter(timeSeries(15, { open_from: TEN / 1_000 - 60 }))?.orders).toBe(52));

  it("counts minutes without events once they are over: orders that stop are noticed", () => {
    const stopped = timeSeries(60, { as_of: new Date(TEN + 30_000).toISOString(), open_from: TEN / 1_000 - 60 * 30 });
    const silent = stopped.starts.map((start) => (start < TEN / 1_000 - 60 * 30 ? 4 : 0));
    const quarter = lastQuarter({ ...stopped, currencies: { VND: columns(60, { orders_created: silent }) } });
    expect(quarter?.orders).toBe(0);
  });

  it("is unknown in the first minutes of a day: no false alarm at midnight", () => {
    const today = timeSeries(10);
    expect(lastQuarter({ ...today, range: { ...today.range, name: "today" } })).toBeNull();
  });
});

describe("firing", () => {
  const quarter = lastQuarter(timeSeries(60));

  it("is silent until the user sets something", () => expect(firing(OFF, quarter, 9_999)).toEqual([]));

  it("judges each rule in its direction, beyond the limit and not at it", () => {
    const keys = (settings: Partial<AlertSettings>, lagS = 1) =>
      firing({ ...OFF, ...settings }, quarter, lagS).map(({ key }) => key);
    expect(keys({ success_rate: on(80) })).toEqual(["success_rate"]);
    expect(keys({ success_rate: on(75) })).toEqual([]);
    expect(keys({ failed: on(14) })).toEqual(["failed"]);
    expect(keys({ failed: on(15) })).toEqual([]);
    expect(keys({ orders: on(61) })).toEqual(["orders"]);
    expect(keys({ orders: on(60) })).toEqual([]);
    expect(keys({ lag: on(60) }, 61)).toEqual(["lag"]);
    expect(keys({ revenue: { USD: on(200), VND: on(200) } })).toEqual(["revenue:USD"]);
  });

  it("does not take an hour without payments for a bad success rate", () => {
    const quiet = timeSeries(60, { currencies: { VND: columns(60) } });
    expect(firing({ ...OFF, success_rate: on(80) }, lastQuarter(quiet), 1)).toEqual([]);
  });

  it("judges the age of the data even where the series is missing", () =>
    expect(firing({ ...OFF, lag: on(60) }, null, 75)).toHaveLength(1));
});

it("knows whether any limit is set", () => {
  expect(isWatching({ ...OFF, sound: true, revenue: { USD: { on: false, limit: 5 } } })).toBe(false);
  expect(isWatching({ ...OFF, lag: on(60) })).toBe(true);
  expect(isWatching({ ...OFF, revenue: { USD: on(200) } })).toBe(true);
});

it("takes the defaults for invalid stored data", () => {
  const settings = v.parse(AlertSettings, { failed: { on: true, limit: -3 }, orders: "all", sound: "yes" });
  expect(settings).toMatchObject({ failed: { on: false, limit: 50 }, orders: { on: false, limit: 10 }, sound: false });
});
