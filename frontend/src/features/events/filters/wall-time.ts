/** Converts between an instant and a date-time field's text, in the user's time zone instead of the browser's. */
import { offsetMs, onClock } from "@/lib/locale/zone";

/** `2026-11-22T17:05:09`, the local time in `timeZone` at an instant. */
export function toWall(iso: string | undefined, timeZone: string): string {
  if (iso === undefined) return "";
  const at = Date.parse(iso);
  const text = new Date(at + offsetMs(at, timeZone)).toISOString().slice(0, 19);
  return text.endsWith(":00") ? text.slice(0, 16) : text;
}

/** The instant with local time `text` in `timeZone`; undefined if it is invalid. Of an
 * hour that occurs twice the first counts; a skipped one uses the previous offset.
 */
export function fromWall(text: string, timeZone: string): string | undefined {
  const wall = Date.parse(`${text}Z`);
  if (Number.isNaN(wall)) return undefined;
  return new Date(onClock(wall, timeZone)).toISOString();
}
