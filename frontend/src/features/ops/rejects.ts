/** Reject reasons as shares of all records. */
import type { Health } from "@/lib/types";

export interface ReasonShare {
  readonly reason: string;
  readonly records: number;
  /** Per cent of all records, accepted or not. */
  readonly share: number;
  /** Length of its bar, from 0 to 1; 1 for the most frequent. */
  readonly length: number;
}

export interface Rejects {
  readonly reasons: readonly ReasonShare[];
  readonly total: number;
  /** Per cent of all records; null if there were none. */
  readonly share: number | null;
}

export function rejectsOf({ rejected, accepted }: Pick<Health, "rejected" | "accepted">): Rejects {
  const sum = rejected.reduce((all, one) => all + one.records, 0);
  const total = sum + accepted;
  const most = Math.max(1, ...rejected.map((one) => one.records));
  const reasons = rejected
    .map(({ reason, records }) => ({
      reason,
      records,
      share: (100 * records) / Math.max(1, total),
      length: records / most,
    }))
    .sort((a, b) => b.records - a.records || a.reason.localeCompare(b.reason));
  return { reasons, total, share: total === 0 ? null : (100 * sum) / total };
}
