import { describe, expect, it } from "vitest";

import { at, freshness, orderEvent } from "@/test/fixtures";
import type { OrderEvent } from "@/lib/types";

import { EMPTY_TAIL, merge, MOST_ROWS, rateOf, type Tail, type TailAction, tailReducer } from "./tail";

const event = (id: string, second = 0) => orderEvent({ id, event_time: at(second), ingest_time: at(second + 0.5) });
const ids = (events: readonly OrderEvent[]) => events.map(({ id }) => id).join(" ");

interface Of {
  readonly hold?: boolean;
  readonly all?: boolean;
  readonly seen?: number;
  readonly sampled?: boolean;
  readonly passes?: (event: OrderEvent) => boolean;
}

function batch(items: OrderEvent[], of: Of = {}): TailAction {
  const { hold = false, all = true, seen = items.length, sampled = false, passes = () => true } = of;
  return { kind: "batch", batch: { ...freshness(), items, seen, sampled }, passes, all, hold, at: 0 };
}

const run = (...actions: TailAction[]): Tail => actions.reduce(tailReducer, EMPTY_TAIL);

describe("following", () => {
  it("puts new events on top, each once, and only those that pass", () => {
    const tail = run(
      batch([event("b"), event("a")]),
      batch([event("c"), event("b"), event("x")], { passes: ({ id }) => id !== "x", all: false }),
    );
    expect(ids(tail.rows)).toBe("c b a");
    expect(tail).toMatchObject({ waitingCount: 0, gap: false });
  });

  it("says when the stream leaves out events, and that the list has holes", () => {
    expect(run(batch([event("a")], { seen: 40, sampled: true }))).toMatchObject({ sampled: true, gap: true });
  });

  it("keeps so many rows, and knows that more were dropped", () => {
    const many = Array.from({ length: MOST_ROWS + 1 }, (_, index) => event(String(index)));
    const tail = run(batch(many));
    expect(tail.rows).toHaveLength(MOST_ROWS);
    expect(tail.gap).toBe(true);
  });
});

describe("holding", () => {
  it("lets events wait, and counts those that the stream did not show", () => {
    const tail = run(batch([event("a")]), batch([event("c"), event("b")], { hold: true, seen: 30, sampled: true }));
    expect(ids(tail.rows)).toBe("a");
    expect(tail).toMatchObject({ waitingCount: 30, atLeast: false, gap: false });
  });

  it("only knows a least number where filters might take what was not shown", () => {
    expect(run(batch([event("b")], { hold: true, all: false, seen: 30, sampled: true }))).toMatchObject({
      waitingCount: 1,
      atLeast: true,
      gap: true,
    });
  });

  it("lets them in together, and says when not all of them were there", () => {
    const some = run(batch([event("a")]), batch([event("b")], { hold: true }), { kind: "release" });
    expect(ids(some.rows)).toBe("b a");
    expect(some).toMatchObject({ waitingCount: 0, gap: false });
    expect(run(batch([event("b")], { hold: true, seen: 30, sampled: true }), { kind: "release" }).gap).toBe(true);
  });

  it("admits that a broken line may have hidden some", () =>
    expect(run({ kind: "missed" })).toMatchObject({ gap: true, atLeast: true }));
});

it("starts over when the list was read, except for rows written meanwhile", () => {
  const tail = run(
    batch([event("now", 58), event("other", 59), event("old", 10)]),
    batch([event("waited", 57)], { hold: true }),
    {
      kind: "restart",
      asOf: at(60),
      passes: ({ id }) => id !== "other",
    },
  );
  expect(ids(tail.rows)).toBe("waited now");
  expect(tail).toMatchObject({ waitingCount: 0, gap: false });
});

describe("merging", () => {
  it("shows each event once, newest event time first", () => {
    expect(ids(merge([event("d", 9), event("c", 7), event("b", 4)], [event("c", 7), event("a", 3)], true))).toBe(
      "d c b a",
    );
  });

  it("leaves what is older than all that was read to the pages below, unless there are none", () => {
    const pages = [event("b", 5), event("a", 3)];
    expect(ids(merge([event("late", 1)], pages, true))).toBe("b a");
    expect(ids(merge([event("late", 1)], pages, false))).toBe("b a late");
  });

  it("is the pages themselves where nothing is new", () => {
    const pages = [event("a")];
    expect(merge([event("a")], pages, true)).toBe(pages);
  });

  it("stands alone where nothing was read", () =>
    expect(ids(merge([event("a", 1), event("b", 2)], [], false))).toBe("b a"));
});

describe("the rate", () => {
  it("is what was seen after the first message, by time", () => {
    const heard = [0, 1_000, 2_000].map((time) => ({ at: time, seen: 20 }));
    expect(rateOf(heard, 2_000)).toBe(20);
  });

  it("is not known from too little, or from long ago", () => {
    expect(rateOf([{ at: 0, seen: 5 }], 10)).toBeNull();
    expect(
      rateOf(
        [0, 1_000, 2_000].map((time) => ({ at: time, seen: 20 })),
        60_000,
      ),
    ).toBeNull();
  });
});
