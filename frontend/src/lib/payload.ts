/** A rejected record's payload as safe, readable text. React escapes it; nothing here is HTML. */

const INDENT = "  ";
const TOKEN = /"(?:[^"\\]|\\.)*"|[{}[\],:]|[^\s{}[\],:"]+/g;

/**
 * JSON with one entry per line, or null if `text` is not JSON. Values are kept character by character:
 * parsing and serialising would drop duplicate keys and round long numbers, which may be the fault.
 */
export function prettyJson(text: string): string | null {
  try {
    JSON.parse(text);
  } catch {
    return null;
  }
  const tokens = text.match(TOKEN) ?? [];
  let depth = 0;
  let out = "";
  const line = () => `\n${INDENT.repeat(depth)}`;
  tokens.forEach((token, index) => {
    const opens = token === "{" || token === "[";
    const closes = token === "}" || token === "]";
    const before = tokens[index - 1];
    const empty = closes && (before === "{" || before === "[");
    if (closes) depth -= 1;
    if (closes && !empty) out += line();
    out += token;
    if (opens) depth += 1;
    const after = tokens[index + 1];
    if (token === ",") out += line();
    else if (token === ":") out += " ";
    else if (opens && after !== "}" && after !== "]") out += line();
  });
  return out;
}

/** Invisible or misleading characters: controls, joiners, direction marks. */
// eslint-disable-next-line no-control-regex
const HIDDEN = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]/g;

/** The text with each invisible character as its code, `<U+202E>`. */
export function visible(text: string): string {
  return text.replace(HIDDEN, (character) => {
    const code = character.codePointAt(0) ?? 0;
    return `<U+${code.toString(16).toUpperCase().padStart(4, "0")}>`;
  });
}

export const FOLDED_LINES = 24;
export const FOLDED_CHARACTERS = 1_600;

/** The beginning of a long text, or null if it is short enough to show completely. */
export function folded(text: string): string | null {
  const lines = text.split("\n");
  if (lines.length <= FOLDED_LINES && text.length <= FOLDED_CHARACTERS) return null;
  return lines.slice(0, FOLDED_LINES).join("\n").slice(0, FOLDED_CHARACTERS);
}
