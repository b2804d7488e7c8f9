/** The change of a figure from the previous period, and whether it is good. Pure. */

export type Unit = "money" | "count" | "percentage";

export type Change =
  | { readonly kind: "none" }
  | {
      readonly kind: "change";
      /** A fraction of the previous value; for a percentage the difference in percentage points. */
      readonly by: number;
      readonly direction: "up" | "down" | "same";
      readonly tone: "good" | "bad" | "neutral";
    };

/** Smaller changes are shown as unchanged: half a per cent, or a tenth of a point. */
const SAME = { money: 0.005, count: 0.005, percentage: 0.05 } as const;

/** A period that holds less than this share of the current one began in the middle, or had an outage. */
const LEAST = 0.1;

/** How much each period holds. */
export interface Sizes {
  readonly now: number;
  readonly before: number;
}

/**
 * The change from `before` to `now`. There is none if one of them is missing, or if the previous period holds nothing or
 * too little to compare with. `sizes` decides that: of a percentage or an average, its divisors; otherwise the values.
 */
export function changeOf(
  unit: Unit,
  now: number | null,
  before: number | null,
  goodDirection: "up" | "down",
  sizes?: Sizes,
): Change {
  if (now === null || before === null || (unit !== "percentage" && before === 0)) return { kind: "none" };
  const held = sizes ?? (unit === "percentage" ? null : { now, before });
  if (held && Math.abs(held.before) < LEAST * Math.abs(held.now)) return { kind: "none" };
  const by = unit === "percentage" ? now - before : (now - before) / Math.abs(before);
  if (Math.abs(by) < SAME[unit]) return { kind: "change", by: 0, direction: "same", tone: "neutral" };
  const direction = by > 0 ? "up" : "down";
  return { kind: "change", by, direction, tone: direction === goodDirection ? "good" : "bad" };
}
