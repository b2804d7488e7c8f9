import { defaultParseSearch } from "@tanstack/react-router";
import { expect, it } from "vitest";

import { parseSearch } from "@/features/events/search";

import { stringifySearch } from "./search-string";

it("writes lists of words with commas, and the page reads them again", () => {
  const search = { type: ["payment_failed", "order_created"], currency: ["USD"], q: "123", order: "ORD1", span: "1h" } as const;
  const written = stringifySearch(search);
  expect(decodeURIComponent(written)).toBe('?type=payment_failed,order_created&currency=USD&q="123"&order=ORD1&span=1h');
  expect(parseSearch(defaultParseSearch(written))).toEqual({ ...search, type: ["order_created", "payment_failed"] });
});

it("leaves any other list as it is", () => {
  expect(defaultParseSearch(stringifySearch({ list: ["a,b", "1"] }))).toEqual({ list: ["a,b", "1"] });
});
