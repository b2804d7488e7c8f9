/** Formats of numbers, money and times in a language. Built once per language and zone. */

export interface Format {
  /** Money with its currency, exact: the decimals of CLDR (VND has none), or more if the amount has them. `null` is a dash. */
  money(value: string | null, currency: string): string;
  /** An average of amounts, rounded to the decimals of its currency. */
  moneyAverage(value: string | null, currency: string): string;
  /** Compact money: three significant digits, with its currency. */
  moneyShort(value: string | number | null, currency: string): string;
  count(value: number): string;
  countShort(value: number): string;
  /** From a percentage (87.5), one decimal. `null` is a dash. */
  percent(value: number | null): string;
  /** From a percentage, without decimals: for axes. */
  wholePercent(value: number): string;
  /** A signed share of change, from a fraction (0.12 is +12 %). */
  change(fraction: number): string;
  /** A signed difference of two percentages, in points. */
  points(difference: number): string;
  decimal(value: number, digits?: number): string;
  /** 14:05 */
  minute(at: Date | number | string): string;
  /** 14:05:09 */
  time(at: Date | number | string): string;
  /** 22 Nov, 14:05 */
  dateMinute(at: Date | number | string): string;
  /** 22 Nov 2026, 14:05:09 */
  dateTime(at: Date | number | string): string;
  day(at: Date | number | string): string;
  /** A short duration: 0.6 s, 12 s, 3 min, 2 h, 4 d. */
  duration(seconds: number): string;
  bytes(value: number): string;
}

export const DASH = "–";
const MINUS = "\u2212";
const BYTES = ["B", "kB", "MB", "GB", "TB"];
/** Shorter than Intl's units, to fit next to the status dot. */
const UNITS = {
  en: { second: "s", minute: "min", hour: "h", day: "d" },
  vi: { second: "giây", minute: "phút", hour: "giờ", day: "ngày" },
} as const;

const cache = new Map<string, Format>();

export function formatFor(language: string, timeZone: string): Format {
  const key = `${language}|${timeZone}`;
  let found = cache.get(key);
  if (!found) {
    found = build(language, timeZone);
    cache.set(key, found);
  }
  return found;
}

function build(language: string, timeZone: string): Format {
  const vietnamese = language === "vi";
  // Numbers as in the United States, where 15 million is 15M; dates with the day before the month and 24 hours.
  const locale = vietnamese ? "vi-VN" : "en-US";
  const number = (options: Intl.NumberFormatOptions) => new Intl.NumberFormat(locale, options);
  const date = (options: Intl.DateTimeFormatOptions) =>
    new Intl.DateTimeFormat(vietnamese ? "vi-VN" : "en-GB", { timeZone, hourCycle: "h23", ...options });

  const money = new Map<string, Intl.NumberFormat>();
  const moneyWithCents = new Map<string, Intl.NumberFormat>();
  const moneyShort = new Map<string, Intl.NumberFormat>();
  const by = (known: Map<string, Intl.NumberFormat>, currency: string, options: Intl.NumberFormatOptions) => {
    let made = known.get(currency);
    if (!made) {
      made = number({ style: "currency", currency, ...options });
      known.set(currency, made);
    }
    return made;
  };
  const count = number({ maximumFractionDigits: 0 });
  const countShort = number({ notation: "compact", maximumSignificantDigits: 3 });
  const percent = number({ style: "percent", minimumFractionDigits: 1, maximumFractionDigits: 1 });
  const wholePercent = number({ style: "percent", maximumFractionDigits: 0 });
  const change = number({
    style: "percent",
    signDisplay: "exceptZero",
    minimumFractionDigits: 1,
    maximumFractionDigits: 1,
  });
  const points = number({ signDisplay: "exceptZero", minimumFractionDigits: 1, maximumFractionDigits: 1 });
  const minute = date({ hour: "2-digit", minute: "2-digit" });
  const time = date({ hour: "2-digit", minute: "2-digit", second: "2-digit" });
  const dateMinute = date({ day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" });
  const dateTime = date({
    day: "numeric",
    month: "short",
    year: "numeric",
    hour: "2-digit",
    minute: "2-digit",
    second: "2-digit",
  });
  const day = date({ day: "numeric", month: "short" });
  const decimals = [0, 1, 2].map((digits) => number({ minimumFractionDigits: digits, maximumFractionDigits: digits }));
  const decimal = (value: number, digits: number) => (decimals[digits] ?? count).format(value);
  const units = vietnamese ? UNITS.vi : UNITS.en;
  const unit = (value: number, name: keyof typeof units, digits = 0) => `${decimal(value, digits)} ${units[name]}`;
  const moment = (at: Date | number | string) => (at instanceof Date ? at : new Date(at));

  return {
    // Intl formats a decimal string exactly, beyond what a float holds.
    money: (value, currency) => {
      if (value === null) return DASH;
      const usual = by(money, currency, {});
      const decimals = /\.(\d*[1-9])/.exec(value)?.[1]?.length ?? 0;
      const exact =
        decimals > (usual.resolvedOptions().maximumFractionDigits ?? 0)
          ? by(moneyWithCents, currency, { minimumFractionDigits: 2, maximumFractionDigits: 2 })
          : usual;
      return exact.format(value as `${number}`);
    },
    moneyAverage: (value, currency) => (value === null ? DASH : by(money, currency, {}).format(value as `${number}`)),
    moneyShort: (value, currency) =>
      value === null
        ? DASH
        : by(moneyShort, currency, { notation: "compact", maximumSignificantDigits: 3 }).format(Number(value)),
    count: (value) => count.format(value),
    countShort: (value) => countShort.format(value),
    percent: (value) => (value === null ? DASH : percent.format(value / 100)),
    wholePercent: (value) => wholePercent.format(value / 100),
    change: (fraction) => change.format(fraction).replace("-", MINUS),
    points: (difference) => points.format(difference).replace("-", MINUS),
    decimal: (value, digits = 1) => decimal(value, digits),
    minute: (at) => minute.format(moment(at)),
    time: (at) => time.format(moment(at)),
    dateMinute: (at) => dateMinute.format(moment(at)),
    dateTime: (at) => dateTime.format(moment(at)),
    day: (at) => day.format(moment(at)),
    duration: (seconds) => {
      const s = Math.max(0, seconds);
      if (s < 9.95) return unit(s, "second", 1);
      if (s < 99.5) return unit(Math.round(s), "second");
      if (s < 5_970) return unit(Math.round(s / 60), "minute");
      if (s < 171_000) return unit(Math.round(s / 3_600), "hour");
      return unit(Math.round(s / 86_400), "day");
    },
    bytes: (value) => {
      const power = value < 1_000 ? 0 : Math.min(4, Math.floor(Math.log10(value) / 3));
      return `${decimal(value / 1_000 ** power, power === 0 ? 0 : 1)} ${BYTES[power] ?? "B"}`;
    },
  };
}
