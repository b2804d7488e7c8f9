import { describe, expect, it } from "vitest";

import { DashboardSearch } from "@/features/dashboard/search";
import { parseSearch as parseEventsSearch } from "@/features/events/search";
import * as v from "valibot";

import { parseSearch, stringifySearch } from "./search-string";

const there = (search: Record<string, unknown>) => parseEventsSearch(parseSearch(stringifySearch(search)));

describe("a text in the address", () => {
  it.each([
    "7234567890123456789",
    "662E41",
    "0123",
    "1e400",
    "-0",
    "true",
    "null",
    '"quoted"',
    "[1]",
    "{}",
    "ORD1 ",
    " ORD1",
    "ORD\u00a0",
    "a+b&c=d#e%20",
    "Nguyễn",
    "💥".repeat(30),
    "ü".repeat(50),
  ])("is read as it was written: %j", (id) => {
    expect(there({ order: id, user: id, q: id, event: id })).toEqual({ order: id, user: id, q: id, event: id });
  });

  it("is an id as typed into the address bar, too", () => {
    expect(parseEventsSearch(parseSearch("?order=7234567890123456789&user=662E41&event=00"))).toEqual({
      order: "7234567890123456789",
      user: "662E41",
      event: "00",
    });
  });
});

it("writes lists of words with commas, and the page reads them again", () => {
  const search = { type: ["payment_failed", "order_created"], currency: ["USD"], order: "ORD1", span: "1h" } as const;
  const written = stringifySearch(search);
  expect(decodeURIComponent(written)).toBe("?type=payment_failed,order_created&currency=USD&order=ORD1&span=1h");
  expect(parseEventsSearch(parseSearch(written))).toEqual({ ...search, type: ["order_created", "payment_failed"] });
});

it("repeats the name of any other list, and leaves out what is not set", () => {
  expect(stringifySearch({ list: ["a,b", "1"], none: undefined })).toBe("?list=a%2Cb&list=1");
  expect(parseSearch("?list=a%2Cb&list=1&__proto__=x")).toMatchObject({ list: ["a,b", "1"] });
  expect(stringifySearch({})).toBe("");
});

it("takes a moment with its zone as people type it, with a plus sign", () => {
  expect(parseEventsSearch(parseSearch("?from=2026-03-01T07:00:00+07:00"))).toEqual({
    from: "2026-03-01T00:00:00.000Z",
  });
});

it("keeps the wall on over a reload", () => {
  const wall = (text: string) => v.parse(DashboardSearch, parseSearch(text)).wall;
  expect(stringifySearch({ wall: true })).toBe("?wall=true");
  expect([wall("?wall=true"), wall("?wall=false"), wall("?wall=maybe"), wall("")]).toEqual([
    true,
    false,
    undefined,
    undefined,
  ]);
});
