/** Between a moment and what a date-time field shows, in the user's time zone rather than the browser's. */
import { offsetMs } from "@/lib/zone";

/** `2026-11-22T17:05:09`, the wall clock of `timeZone` at a moment. */
export function toWall(iso: string | undefined, timeZone: string): string {
  if (iso === undefined) return "";
  const at = Date.parse(iso);
  const text = new Date(at + offsetMs(at, timeZone)).toISOString().slice(0, 19);
  return text.endsWith(":00") ? text.slice(0, 16) : text;
}

/** The moment at which the wall clock of `timeZone` shows `text`; undefined where that is no time. */
export function fromWall(text: string, timeZone: string): string | undefined {
  const wall = Date.parse(`${text}Z`);
  if (Number.isNaN(wall)) return undefined;
  const guess = wall - offsetMs(wall, timeZone);
  // The offset of that moment counts; near a change of the clock the first guess has the other one.
  return new Date(wall - offsetMs(guess, timeZone)).toISOString();
}
