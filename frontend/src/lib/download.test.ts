import { afterEach, expect, it, vi } from "vitest";

import { createLineCounter, saveResponse } from "./download";

const bytes = (text: string) => new TextEncoder().encode(text);

afterEach(() => vi.useRealTimers());

it("counts lines over the borders of pieces, and none within quotes", () => {
  const count = createLineCounter();
  expect(count(bytes('id,name\r\n1,"two\n'))).toBe(1);
  expect(count(bytes('lines"\r\n2,x'))).toBe(2);
  expect(count(bytes("\r\n"))).toBe(3);
});

it("saves what came under the server's name and says how much it was", async () => {
  vi.useFakeTimers();
  const create = vi.fn<(blob: Blob) => string>(() => "blob:x");
  const revoke = vi.fn();
  vi.stubGlobal("URL", Object.assign(URL, { createObjectURL: create, revokeObjectURL: revoke }));
  const clicked: string[] = [];
  vi.spyOn(HTMLAnchorElement.prototype, "click").mockImplementation(function (this: HTMLAnchorElement) {
    clicked.push(this.download);
  });
  const told: number[] = [];
  const response = new Response("id\r\na\r\nb\r\n", {
    headers: { "Content-Disposition": 'attachment; filename="events-1.csv"' },
  });
  const progress = await saveResponse(response, { onProgress: ({ rows }) => told.push(rows) });
  expect(progress).toEqual({ rows: 2, bytes: 10 });
  expect(told).toEqual([2]);
  expect(clicked).toEqual(["events-1.csv"]);
  expect(create.mock.calls[0]?.[0].size).toBe(10);
  const book = await saveResponse(new Response("PK\n\n", { headers: { "X-Rows": "7" } }), {});
  expect(book).toEqual({ rows: 7, bytes: 4 });
  vi.runAllTimers();
  expect(revoke).toHaveBeenCalledWith("blob:x");
});
