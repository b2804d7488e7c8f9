import { renderHook } from "@testing-library/react";
import { expect, it } from "vitest";

import { ASK_AGAIN_MS, askAgain, useSteadyError } from "./use-steady-error";

interface Asked {
  readonly data?: number;
  readonly error: Error | null;
  readonly of?: string;
}

const lost = new Error("lost");

const show = (asked: Asked) =>
  renderHook(({ data, error, of }: Asked) => useSteadyError({ data, error }, of), { initialProps: asked });

it("stands while the question is asked again, and goes with an answer", () => {
  const { result, rerender } = show({ error: lost });
  expect(result.current).toBe(lost);
  rerender({ error: null });
  expect(result.current).toBe(lost);
  rerender({ data: 1, error: null });
  expect(result.current).toBeNull();
  rerender({ data: 1, error: lost });
  expect(result.current).toBeNull();
});

it("is of one question alone", () => {
  const { result, rerender } = show({ error: lost, of: "a" });
  rerender({ error: null, of: "b" });
  expect(result.current).toBeNull();
});

it("asks again only where there is nothing to show", () => {
  expect(askAgain({ state: { status: "error" } })).toBe(ASK_AGAIN_MS);
  expect(askAgain({ state: { status: "error", data: 1 } })).toBe(false);
  expect(askAgain({ state: { status: "pending" } })).toBe(false);
});
