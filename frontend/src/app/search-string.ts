import { stringifySearchWith } from "@tanstack/react-router";

const isWords = (value: unknown): value is readonly string[] =>
  Array.isArray(value) && value.every((one) => typeof one === "string" && /^[A-Za-z_]+$/.test(one));

/** Addresses that people can read and type: a list of words is `type=a,b`, where the router would write JSON. */
export const stringifySearch = stringifySearchWith(
  (value: unknown) => (isWords(value) ? value.join(",") : JSON.stringify(value)),
  JSON.parse,
);
