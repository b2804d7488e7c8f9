import { beforeEach, describe, expect, it, vi } from "vitest";

import { ApiError } from "./api";
import { createRealApi, queryString } from "./real-api";
import { token, tokenWanted } from "./token";

const fetched = vi.fn<typeof fetch>();
const json = (body: unknown, status = 200, headers: Record<string, string> = {}) =>
  new Response(JSON.stringify(body), { status, headers: { "Content-Type": "application/json", ...headers } });
const sent = (call: number) => new Headers(fetched.mock.calls[call]?.[1]?.headers);

beforeEach(() => {
  fetched.mockReset();
  vi.stubGlobal("fetch", fetched);
  token.set(null);
  tokenWanted.set(false);
});

describe("queryString", () => {
  it("repeats lists and leaves out what is not set", () => {
    expect(queryString({ status: ["success", "failed"], q: "", cursor: undefined, limit: 50 })).toBe(
      "?status=success&status=failed&limit=50",
    );
    expect(queryString({ q: undefined })).toBe("");
    expect(queryString({ tz: "Asia/Ho_Chi_Minh", q: "a&b" })).toBe("?tz=Asia%2FHo_Chi_Minh&q=a%26b");
  });
});

describe("requests", () => {
  it("carry the token in the header, never in the address", async () => {
    token.set("secret");
    fetched.mockResolvedValue(json({}));
    await createRealApi().getSystemHealth();
    expect(sent(0).get("Authorization")).toBe("Bearer secret");
    expect(fetched.mock.calls[0]?.[0]).toBe("/api/v1/health");
  });

  it("ask with the ETag of before, and give back the very same object on 304", async () => {
    const api = createRealApi();
    fetched.mockResolvedValueOnce(json({ a: 1 }, 200, { ETag: 'W/"x"' }));
    const first = await api.getSystemHealth();
    fetched.mockResolvedValueOnce(new Response(null, { status: 304 }));
    const second = await api.getSystemHealth();
    expect(sent(1).get("If-None-Match")).toBe('W/"x"');
    expect(second).toBe(first);
  });

  it("escape ids", async () => {
    fetched.mockResolvedValue(json({}));
    await createRealApi().getOrder("ORD/1?x");
    expect(fetched.mock.calls[0]?.[0]).toBe("/api/v1/orders/ORD%2F1%3Fx");
  });

  it("name their type even where a change has no body, as the server demands", async () => {
    fetched.mockResolvedValue(json({ run_id: "1", url: "" }));
    await createRealApi().operate({ service: "spark_stream", action: "restart" });
    expect(fetched.mock.calls[0]?.[0]).toBe("/api/v1/operate/spark_stream/restart");
    expect(sent(0).get("Content-Type")).toBe("application/json");
  });

  it("set the rate in the body", async () => {
    fetched.mockResolvedValue(json({ run_id: "1", url: "" }));
    await createRealApi().operate({ service: "generator", action: "set_rate", rate: 50 });
    expect(fetched.mock.calls[0]?.[0]).toBe("/api/v1/operate/generator/rate");
    expect(fetched.mock.calls[0]?.[1]?.body).toBe('{"rate":50}');
  });
});

describe("failures", () => {
  it("become errors with the problem's words", async () => {
    fetched.mockResolvedValue(
      json({ title: "Busy", status: 503, detail: "The database does not respond; try again." }, 503, {
        "Content-Type": "application/problem+json",
      }),
    );
    const error = await createRealApi()
      .getSystemHealth()
      .catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(ApiError);
    expect(error).toMatchObject({
      status: 503,
      message: "The database does not respond; try again.",
      problem: { title: "Busy" },
    });
  });

  it("are distinguished from a server that does not respond", async () => {
    fetched.mockRejectedValue(new TypeError("fetch failed"));
    await expect(createRealApi().getSystemHealth()).rejects.toMatchObject({ status: 0, unreachable: true });
  });

  it("cope with an answer that is no problem document", async () => {
    fetched.mockResolvedValue(
      new Response("<h1>Bad gateway</h1>", { status: 502, headers: { "Content-Type": "text/html" } }),
    );
    await expect(createRealApi().getSystemHealth()).rejects.toMatchObject({
      status: 502,
      problem: null,
      unreachable: true,
    });
  });

  it("ask for a token on 401", async () => {
    fetched.mockResolvedValue(json({ detail: "No token." }, 401));
    await expect(createRealApi().getSystemHealth()).rejects.toBeInstanceOf(ApiError);
    expect(tokenWanted.get()).toBe(true);
  });

  it("leave an aborted question aborted", async () => {
    const abort = new AbortController();
    abort.abort();
    fetched.mockRejectedValue(new DOMException("aborted", "AbortError"));
    await expect(createRealApi().getSystemHealth(abort.signal)).rejects.toMatchObject({ name: "AbortError" });
  });
});
