import { useState } from "react";

/** How often a query without data is retried automatically. */
export const ASK_AGAIN_MS = 5_000;

/** For `refetchInterval`: retry while there is no data, so that the page recovers automatically. */
export function askAgain({
  state,
}: {
  readonly state: { readonly status: string; readonly data?: unknown };
}): number | false {
  return state.status === "error" && state.data === undefined ? ASK_AGAIN_MS : false;
}

/**
 * The error of a query without data. It stays while the same query, by the name `of`, is retried,
 * so that the view does not flicker.
 */
export function useSteadyError(
  { data, error }: { readonly data: unknown; readonly error: Error | null },
  of = "",
): Error | null {
  const [last, setLast] = useState<{ readonly of: string; readonly error: Error } | null>(null);
  const before = last?.of === of ? last.error : null;
  const now = data === undefined ? (error ?? before) : null;
  if (now !== (last?.error ?? null)) setLast(now && { of, error: now });
  return now;
}
