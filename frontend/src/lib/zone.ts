/** Days in a time zone, whose offset may change during the day. */

/** The zone's offset from UTC at a moment, in milliseconds. */
export function offsetMs(at: number, timeZone: string): number {
  const parts = new Intl.DateTimeFormat("en-US", {
    timeZone,
    hourCycle: "h23",
    year: "numeric",
    month: "numeric",
    day: "numeric",
    hour: "numeric",
    minute: "numeric",
    second: "numeric",
  }).formatToParts(at);
  const of = (type: string) => Number(parts.find((part) => part.type === type)?.value ?? 0);
  const wall = Date.UTC(of("year"), of("month") - 1, of("day"), of("hour"), of("minute"), of("second"));
  return wall - Math.floor(at / 1_000) * 1_000;
}

/** The moment at which the day of `at` began in `timeZone`, in milliseconds since 1970. */
export function startOfDay(at: number, timeZone: string): number {
  const day = 86_400_000;
  const midnight = Math.floor((at + offsetMs(at, timeZone)) / day) * day;
  const guess = midnight - offsetMs(at, timeZone);
  // The offset at midnight counts, not the one now.
  return midnight - offsetMs(guess, timeZone);
}
