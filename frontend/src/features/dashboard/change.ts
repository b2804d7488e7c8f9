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

/**
 * The change from `before` to `now`. There is none if one of them is missing, or if
 * nothing was counted before: growth from zero has no percentage.
 */
export function changeOf(unit: Unit, now: number | null, before: number | null, goodDirection: "up" | "down"): Change {
  if (now === null || before === null || (unit !== "percentage" && before === 0)) return { kind: "none" };
  const by = unit === "percentage" ? now - before : (now - before) / Math.abs(before);
  if (Math.abs(by) < SAME[unit]) return { kind: "change", by: 0, direction: "same", tone: "neutral" };
  const direction = by > 0 ? "up" : "down";
  return { kind: "change", by, direction, tone: direction === goodDirection ? "good" : "bad" };
}
