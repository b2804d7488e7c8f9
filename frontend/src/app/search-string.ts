/**
 * The query string between router and pages: every parameter is text, exactly as written. The router's own
 * parser reads JSON and numbers, which would change an order id such as 7234567890123456789 or 662E41.
 */

const isWords = (value: unknown): value is readonly string[] =>
  Array.isArray(value) && value.every((one) => typeof one === "string" && /^[A-Za-z_]+$/.test(one));

/** Parameters by name; a repeated one is a list. */
export function parseSearch(text: string): Record<string, string | string[]> {
  const found = Object.create(null) as Record<string, string | string[]>;
  for (const [name, value] of new URLSearchParams(text)) {
    const before = found[name];
    found[name] = before === undefined ? value : [...(Array.isArray(before) ? before : [before]), value];
  }
  return found;
}

/** `?name=value`, or nothing. A list of words is `type=a,b`, which is readable; any other list repeats its name. */
export function stringifySearch(search: Readonly<Record<string, unknown>>): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(search)) {
    if (value === undefined || value === null) continue;
    for (const one of Array.isArray(value) && !isWords(value) ? (value as unknown[]) : [value])
      query.append(name, String(one));
  }
  const text = query.toString();
  return text && `?${text}`;
}
