/** A rejected record's key in the URL: its position in Kafka, and when it was rejected, to find it. */
import type { RejectedRecord } from "@/lib/types";

export const recordKey = (record: RejectedRecord) =>
  `${record.topic}~${record.partition}~${record.offset}~${Date.parse(record.rejected_at)}`;

/** The second in which the record of a key was rejected, or null if the key is invalid. */
export function secondOf(key: string): { readonly from: string; readonly to: string } | null {
  const at = Number(/^[^~]+~\d+~\d+~(\d{1,15})$/.exec(key)?.[1] ?? Number.NaN);
  if (Number.isNaN(at)) return null;
  return { from: new Date(at).toISOString(), to: new Date(at + 1_000).toISOString() };
}
