import { beforeEach, expect, it } from "vitest";

import { chooseMode } from "./mode";
import { preferences } from "./preferences";

beforeEach(() => preferences.update({ mode: null }));

it("is real unless somebody says otherwise", () => expect(chooseMode("")).toBe("real"));

it("follows the address, and remembers it", () => {
  expect(chooseMode("?mode=mock")).toBe("mock");
  expect(chooseMode("")).toBe("mock");
  expect(chooseMode("?mode=real")).toBe("real");
});

it("ignores a mode that there is not", () => expect(chooseMode("?mode=magic")).toBe("real"));
