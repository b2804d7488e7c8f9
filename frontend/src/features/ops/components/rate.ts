/** Parsing of the generator's rate. */
import type { Format } from "@/lib/locale/format";

/** The API's limits, in events a second. */
export const LEAST_RATE = 0.1;
export const MOST_RATE = 100_000;
export const COMMON_RATES = [5, 50, 200, 1_000] as const;

export const writtenRate = (rate: number, format: Format) => format.decimal(rate, Number.isInteger(rate) ? 0 : 1);

export type RateFault = "empty" | "noNumber" | "tooSmall" | "tooLarge";

/** A decimal comma counts as a point; anything else that is not a plain number is refused. */
export function parseRate(text: string): { readonly rate: number } | { readonly fault: RateFault } {
  const plain = text.trim().replace(",", ".");
  if (plain === "") return { fault: "empty" };
  if (!/^-?\d+(\.\d+)?$/.test(plain)) return { fault: "noNumber" };
  const rate = Number(plain);
  if (rate < LEAST_RATE) return { fault: "tooSmall" };
  if (rate > MOST_RATE) return { fault: "tooLarge" };
  return { rate };
}
