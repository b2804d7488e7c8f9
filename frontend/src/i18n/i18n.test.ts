import i18next from "i18next";
import { describe, expect, it } from "vitest";

import "@/i18n";

// Every feature registers its catalogue when its module is loaded.
import.meta.glob("/src/features/*/i18n/index.ts", { eager: true });

type Texts = Readonly<Record<string, unknown>>;

function flatten(texts: Texts, prefix = ""): Map<string, string> {
  return new Map(
    Object.entries(texts).flatMap(([key, value]): [string, string][] =>
      typeof value === "string" ? [[prefix + key, value]] : [...flatten(value as Texts, `${prefix}${key}.`)],
    ),
  );
}

const placeholders = (text: string) => [...text.matchAll(/\{\{\s*(\w+)/g)].map(([, name]) => name).sort();
const namespaces = Object.keys(i18next.store.data["en"] ?? {});

describe.each(namespaces)("catalogue %s", (namespace) => {
  const en = flatten(i18next.getResourceBundle("en", namespace) as Texts);
  const vi = flatten(i18next.getResourceBundle("vi", namespace) as Texts);

  it("has the same keys in both languages", () => expect([...vi.keys()].sort()).toEqual([...en.keys()].sort()));

  it("has the same placeholders in both languages", () => {
    for (const [key, text] of en) expect(placeholders(vi.get(key) ?? ""), key).toEqual(placeholders(text));
  });

  it("has one Vietnamese word for a failed payment", () => {
    for (const [key, text] of vi) expect(text, key).not.toMatch(/thanh toán (bị )?(lỗi|hỏng)/i);
  });

  it("has no empty text", () => {
    for (const [key, text] of [...en, ...vi]) expect(text.trim(), key).not.toBe("");
  });
});

it("knows the features' catalogues", () => expect(namespaces).toEqual(expect.arrayContaining(["common", "dashboard"])));
