import { useState } from "react";

/** How often a question without any answer yet is asked again by itself. */
export const ASK_AGAIN_MS = 5_000;

/** For `refetchInterval`: ask again while there is nothing to show, so that the page recovers alone. */
export function askAgain({ state }: { readonly state: { readonly status: string; readonly data?: unknown } }): number | false {
  return state.status === "error" && state.data === undefined ? ASK_AGAIN_MS : false;
}

/**
 * The error of a question without an answer. It stands while the same question, by the name `of`, is asked
 * again, so that the view does not flicker.
 */
export function useSteadyError({ data, error }: { readonly data: unknown; readonly error: Error | null }, of = ""): Error | null {
  const [last, setLast] = useState<{ readonly of: string; readonly error: Error } | null>(null);
  const before = last?.of === of ? last.error : null;
  const now = data === undefined ? (error ?? before) : null;
  if (now !== (last?.error ?? null)) setLast(now && { of, error: now });
  return now;
}
