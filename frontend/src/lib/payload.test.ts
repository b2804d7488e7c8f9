import { describe, expect, it } from "vitest";

import { folded, FOLDED_CHARACTERS, FOLDED_LINES, prettyJson, visible } from "./payload";

describe("prettyJson", () => {
  it("writes one entry a line", () =>
    expect(prettyJson('{"a":1,"b":[true,null],"c":{},"d":[]}')).toBe(
      '{\n  "a": 1,\n  "b": [\n    true,\n    null\n  ],\n  "c": {},\n  "d": []\n}',
    ));

  it("keeps each letter of the values: long numbers, duplicate keys, escapes", () => {
    const text = '{"amount":12345678901234567890.10,"a":"\\u0041\\"{,}","a":1E5}';
    expect(prettyJson(text)?.replace(/\n| {2}|(?<=:) /g, "")).toBe(text);
  });

  it.each(["", "{", "{'a':1}", "NaN", '{"a":1}x'])("has nothing to say of %j", (text) =>
    expect(prettyJson(text)).toBeNull(),
  );

  it("takes a bare value", () => expect(prettyJson(' "x" ')).toBe('"x"'));

  it("means the same as before", () => {
    const text = '[{"x":[[1,2],[]],"y":"[}, :"},"",-0.5]';
    expect(JSON.parse(prettyJson(text) ?? "")).toEqual(JSON.parse(text));
  });
});

describe("visible", () => {
  it("shows what would be unseen or turn the text around", () =>
    expect(visible("a\u0000b\u202Ec\u200Bd\uFEFF\u007F")).toBe("a<U+0000>b<U+202E>c<U+200B>d<U+FEFF><U+007F>"));

  it("leaves line ends, tabs, Vietnamese and replacement characters alone", () => {
    const text = "Đơn hàng\n\t\uFFFD <b>x</b>";
    expect(visible(text)).toBe(text);
  });
});

describe("folded", () => {
  it("leaves a short text whole", () => expect(folded("a\nb")).toBeNull());
  it("keeps the beginning of many lines", () =>
    expect(folded("x\n".repeat(FOLDED_LINES + 5))?.split("\n")).toHaveLength(FOLDED_LINES));
  it("keeps the beginning of one long line", () =>
    expect(folded("x".repeat(FOLDED_CHARACTERS + 1))).toHaveLength(FOLDED_CHARACTERS));
});
