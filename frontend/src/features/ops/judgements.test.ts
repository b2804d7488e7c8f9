import { describe, expect, it } from "vitest";

import { at } from "@/test/fixtures";
import type { CheckResult, Component, Health } from "@/lib/types";

import { groupChecks } from "./checks";
import { type Asked, observe, OVERDUE_MS, progressOf, serviceOf } from "./components/follow";
import { headlineOf } from "./headline";
import { parseRate } from "./components/rate";
import { rejectsOf } from "./rejects";
import { component, health } from "@/test/health";

const withState = (states: Partial<Record<Component["name"], Component["state"]>>, of: Partial<Health> = {}) => {
  const whole = health(of);
  return { ...whole, components: whole.components.map((one) => ({ ...one, state: states[one.name] ?? one.state })) };
};

describe("the headline", () => {
  it.each([
    ["ok", {}, {}, [], "good"],
    ["empty", {}, { newest_event_time: null }, [], "neutral"],
    ["stale", {}, { stale: true }, [], "warn"],
    ["warning", { dbt: "warning" }, {}, ["dbt"], "warn"],
    ["rejects", { events_clean: "warning" }, { rejects_too_many: true }, [], "warn"],
    ["stopped", { generator: "stopped" }, { rejects_too_many: true }, ["generator"], "neutral"],
    ["unknown", { dagster: "unknown" }, {}, ["dagster"], "warn"],
    ["stopped", { generator: "stopped" }, { stale: true }, ["generator"], "neutral"],
    ["starting", { kpi_1m: "starting", dbt: "warning" }, {}, ["kpi_1m"], "warn"],
    ["error", { kafka: "error", dbt: "warning" }, { status: "degraded" }, ["kafka"], "bad"],
    ["down", { postgres: "error" }, { status: "down" }, ["postgres"], "bad"],
  ] as const)("is %s", (key, states, of, names, tone) =>
    expect(headlineOf(withState(states, of))).toEqual({ key, names, tone }),
  );

  it("tells open incidents before warnings", () => {
    const incidents = [{ incident: "check:a/b", title: "", text: "", opened_at: at(0) }];
    expect(headlineOf(withState({ dbt: "warning" }, { incidents })).key).toBe("incidents");
  });
});

describe("the checks", () => {
  const check = (
    asset: string,
    name: string,
    passed = true,
    severity: CheckResult["severity"] = "ERROR",
  ): CheckResult => ({
    asset,
    name,
    passed,
    severity,
    text: "",
    evaluated_at: at(0),
    url: "http://localhost/x",
  });

  it("stand by asset, failed before warned before passed", () => {
    const groups = groupChecks([
      check("a", "z"),
      check("b", "y"),
      check("b", "x", false, "WARN"),
      check("c", "w", false),
      check("a", "v"),
    ]);
    expect(groups.map(({ asset, failed }) => [asset, failed])).toEqual([
      ["c", 1],
      ["b", 1],
      ["a", 0],
    ]);
    expect(groups[1]?.checks.map(({ name }) => name)).toEqual(["x", "y"]);
    expect(groups[2]?.checks.map(({ name }) => name)).toEqual(["v", "z"]);
  });
});

describe("the reject reasons", () => {
  it("are shares of all records, the most frequent first", () => {
    const found = rejectsOf({
      accepted: 97,
      rejected: [
        { reason: "late", records: 1 },
        { reason: "not_json", records: 2 },
      ],
    });
    expect(found).toMatchObject({ total: 100, share: 3 });
    expect(found.reasons).toEqual([
      { reason: "not_json", records: 2, share: 2, length: 1 },
      { reason: "late", records: 1, share: 1, length: 0.5 },
    ]);
  });

  it("have no share of nothing", () =>
    expect(rejectsOf({ accepted: 0, rejected: [] })).toEqual({ reasons: [], total: 0, share: null }));
});

describe("the rate", () => {
  it.each([
    ["5", 5],
    [" 0.1 ", 0.1],
    ["2,5", 2.5],
    ["100000", 100_000],
  ])("%j is %d", (text, rate) => expect(parseRate(text)).toEqual({ rate }));
  it.each([
    ["", "empty"],
    ["fast", "noNumber"],
    ["1e3", "noNumber"],
    ["1.2.3", "noNumber"],
    ["0.05", "tooSmall"],
    ["-4", "tooSmall"],
    ["100001", "tooLarge"],
  ])("%j is refused: %s", (text, fault) => expect(parseRate(text)).toEqual({ fault }));
});

describe("following what was asked", () => {
  const asked = (request: Asked["request"]): Asked => ({
    request,
    answer: { run_id: "r", url: "" },
    at: Date.parse(at(0)),
    seenDown: false,
  });
  const stop = asked({ service: "spark_stream", action: "stop" });
  const restart = asked({ service: "spark_stream", action: "restart" });
  const down = (second: number, state: Component["state"] = "stopped") =>
    withState({ events_clean: state, kpi_1m: state }, { as_of: at(second) });

  it("knows whose service a component is", () => {
    expect(serviceOf("kpi_1m")).toBe("spark_stream");
    expect(serviceOf("generator")).toBe("generator");
    expect(serviceOf("kafka")).toBeNull();
  });

  it("is done when both queries are as asked, and not by a report from before", () => {
    expect(progressOf(stop, down(-1))).toBe("underway");
    expect(progressOf(stop, withState({ events_clean: "stopped" }, { as_of: at(2) }))).toBe("underway");
    expect(progressOf(stop, down(2))).toBe("done");
  });

  it("sees a restart through: down, then up", () => {
    expect(progressOf(restart, health({ as_of: at(2) }))).toBe("underway");
    const seen = observe(restart, down(4, "starting"));
    expect(seen.seenDown).toBe(true);
    expect(progressOf(seen, down(4, "starting"))).toBe("underway");
    expect(progressOf(seen, health({ as_of: at(20) }))).toBe("done");
  });

  it("believes a restart that was too quick to be seen, after a while", () =>
    expect(progressOf(restart, health({ as_of: at(31) }))).toBe("done"));

  it("keeps the same object where nothing was noted", () =>
    expect(observe(restart, health({ as_of: at(1) }))).toBe(restart));

  it("waits for the very rate", () => {
    const rate = asked({ service: "generator", action: "set_rate", rate: 50 });
    const at50 = { ...health({ as_of: at(3) }), components: [component("generator", { rate: 50 })] };
    expect(progressOf(rate, health({ as_of: at(3) }))).toBe("underway");
    expect(progressOf(rate, at50)).toBe("done");
  });

  it("does not wait forever", () =>
    expect(
      progressOf(asked({ service: "generator", action: "stop" }), health({ as_of: at(OVERDUE_MS / 1_000 + 1) })),
    ).toBe("overdue"));
});
