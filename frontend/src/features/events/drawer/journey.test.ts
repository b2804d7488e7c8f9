import { describe, expect, it } from "vitest";

import { at, orderEvent } from "@/test/fixtures";

import { awaited, journeyOf } from "./journey";

const step = (id: string, type: Parameters<typeof orderEvent>[0] & object, second: number) =>
  orderEvent({ id, ...type, event_time: at(second), ingest_time: at(second + 0.7) });

describe("a journey", () => {
  const paid = journeyOf({
    outcome: "paid",
    events: [
      step("1", { event_type: "order_created", amount: "10.00" }, 0),
      step("2", { event_type: "payment_initiated", amount: "10.00" }, 4.5),
      step("3", { event_type: "payment_success", amount: "12.00" }, 12),
    ],
  });

  it("knows the time between its steps, and from end to end", () => {
    expect(paid.steps.map(({ afterS }) => afterS)).toEqual([null, 4.5, 7.5]);
    expect(paid).toMatchObject({ tookS: 12, open: false, payments: 1 });
  });

  it("marks an amount that is another than before", () =>
    expect(paid.steps.map((one) => one.amountChanged)).toEqual([false, false, true]));

  it("waits for nothing when it is over", () => expect(awaited(paid)).toBeNull());

  it("waits for what comes next while it is open", () => {
    const created = journeyOf({ outcome: "created", events: [step("1", { event_type: "order_created" }, 0)] });
    expect(awaited(created)).toBe("payment_initiated");
    const initiated = journeyOf({ outcome: "initiated", events: [step("2", { event_type: "payment_initiated" }, 0)] });
    expect(awaited(initiated)).toBe("payment_success");
  });

  it("stands with nothing in it", () =>
    expect(journeyOf({ outcome: "created", events: [] })).toMatchObject({ steps: [], tookS: 0 }));
});
