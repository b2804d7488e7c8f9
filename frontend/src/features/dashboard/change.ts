/** How a figure moved against the period before, and whether that is good. Pure. */

export type Unit = "money" | "count" | "rate";

export type Change =
  | { readonly kind: "none" }
  | {
      readonly kind: "change";
      /** A fraction of the value before; for a rate the difference in percentage points. */
      readonly by: number;
      readonly direction: "up" | "down" | "same";
      readonly tone: "good" | "bad" | "neutral";
    };

/** Less than this is noise to the eye: half a per cent, or a tenth of a point. */
const SAME = { money: 0.005, count: 0.005, rate: 0.05 } as const;

/**
 * From `before` to `now`. There is nothing to compare with where one of them is missing, or where
 * nothing was counted before: growth from zero has no percentage.
 */
export function changeOf(unit: Unit, now: number | null, before: number | null, goodDirection: "up" | "down"): Change {
  if (now === null || before === null || (unit !== "rate" && before === 0)) return { kind: "none" };
  const by = unit === "rate" ? now - before : (now - before) / before;
  if (Math.abs(by) < SAME[unit]) return { kind: "change", by: 0, direction: "same", tone: "neutral" };
  const direction = by > 0 ? "up" : "down";
  return { kind: "change", by, direction, tone: direction === goodDirection ? "good" : "bad" };
}
