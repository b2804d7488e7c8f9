/** Parsing of limits in the user's number format: 500,000.5 in English is 500.000,5 in Vietnamese. Pure. */

const escaped = (text: string) => text.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&");

/** The number in `text` in the format of `locale`; null if it is invalid, for example with misplaced dots. */
export function parseLimit(text: string, locale: string): number | null {
  const parts = new Intl.NumberFormat(locale).formatToParts(1_234_567.8);
  const sign = (type: "group" | "decimal") => parts.find((part) => part.type === type)?.value ?? "";
  const [group, decimal] = [sign("group"), sign("decimal")];
  const number = new RegExp(`^(\\d+|\\d{1,3}(?:${escaped(group)}\\d{3})+)(?:${escaped(decimal)}\\d+)?$`);
  const trimmed = text.trim();
  return number.test(trimmed) ? Number(trimmed.replaceAll(group, "").replace(decimal, ".")) : null;
}

export function writeLimit(limit: number, locale: string): string {
  return new Intl.NumberFormat(locale, { maximumFractionDigits: 2 }).format(limit);
}
