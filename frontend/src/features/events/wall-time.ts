/** Between a moment and what a date-time field shows, in the user's time zone rather than the browser's. */
import { offsetMs } from "@/lib/zone";

const DAY_MS = 86_400_000;

/** `2026-11-22T17:05:09`, the wall clock of `timeZone` at a moment. */
export function toWall(iso: string | undefined, timeZone: string): string {
  if (iso === undefined) return "";
  const at = Date.parse(iso);
  const text = new Date(at + offsetMs(at, timeZone)).toISOString().slice(0, 19);
  return text.endsWith(":00") ? text.slice(0, 16) : text;
}

/**
 * The moment at which the wall clock of `timeZone` shows `text`; undefined where that is no time. Of an
 * hour that the clock shows twice it is the first; one that it skips is read as by the clock before.
 */
export function fromWall(text: string, timeZone: string): string | undefined {
  const wall = Date.parse(`${text}Z`);
  if (Number.isNaN(wall)) return undefined;
  const before = offsetMs(wall - DAY_MS, timeZone);
  const after = offsetMs(wall + DAY_MS, timeZone);
  const shown = [before, after].filter((offset) => offsetMs(wall - offset, timeZone) === offset);
  return new Date(wall - (shown[0] ?? before)).toISOString();
}
