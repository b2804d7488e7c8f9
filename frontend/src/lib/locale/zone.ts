/** Time zones by their current IANA names, and days in a zone, whose offset may change during the day. */

/** Chromium and WebKit report these under outdated names. */
const RENAMED: Readonly<Record<string, string>> = {
  "Africa/Asmera": "Africa/Asmara",
  "America/Buenos_Aires": "America/Argentina/Buenos_Aires",
  "America/Catamarca": "America/Argentina/Catamarca",
  "America/Coral_Harbour": "America/Atikokan",
  "America/Cordoba": "America/Argentina/Cordoba",
  "America/Godthab": "America/Nuuk",
  "America/Indianapolis": "America/Indiana/Indianapolis",
  "America/Jujuy": "America/Argentina/Jujuy",
  "America/Louisville": "America/Kentucky/Louisville",
  "America/Mendoza": "America/Argentina/Mendoza",
  "Asia/Calcutta": "Asia/Kolkata",
  "Asia/Katmandu": "Asia/Kathmandu",
  "Asia/Rangoon": "Asia/Yangon",
  "Asia/Saigon": "Asia/Ho_Chi_Minh",
  "Atlantic/Faeroe": "Atlantic/Faroe",
  "Europe/Kiev": "Europe/Kyiv",
  "Pacific/Enderbury": "Pacific/Kanton",
  "Pacific/Ponape": "Pacific/Pohnpei",
  "Pacific/Truk": "Pacific/Chuuk",
};

export function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat("en", { timeZone: name });
    return true;
  } catch {
    return false;
  }
}

/** The current name of a zone; the old one in a browser too old to know it. */
export function presentName(zone: string): string {
  const renamed = RENAMED[zone];
  return renamed !== undefined && isTimeZone(renamed) ? renamed : zone;
}

/** All zones of the browser, UTC first, the others by name. */
export function timeZones(): readonly string[] {
  const others = Intl.supportedValuesOf("timeZone")
    .map(presentName)
    .filter((zone) => zone !== "UTC");
  return ["UTC", ...[...new Set(others)].sort()];
}

const DAY_MS = 86_400_000;

/** The zone's offset from UTC at a time, in milliseconds. */
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

/**
 * The first instant with local time `wall` in `timeZone` (milliseconds as if it were UTC): of an hour that occurs
 * twice the first counts; a skipped time uses the previous offset (PEP 495, `fold` 0, like `api/ranges.py`).
 */
export function onClock(wall: number, timeZone: string): number {
  const before = offsetMs(wall - DAY_MS, timeZone);
  const after = offsetMs(wall + DAY_MS, timeZone);
  const shown = [before, after].find((offset) => offsetMs(wall - offset, timeZone) === offset);
  return wall - (shown ?? before);
}

/** Start of the day of `at` in `timeZone`, in milliseconds since 1970. */
export function startOfDay(at: number, timeZone: string): number {
  return onClock(Math.floor((at + offsetMs(at, timeZone)) / DAY_MS) * DAY_MS, timeZone);
}
