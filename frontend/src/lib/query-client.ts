import { focusManager, QueryClient } from "@tanstack/react-query";

import { ApiError } from "./api";

const mayPass = (error: Error) => !(error instanceof ApiError) || error.status === 0 || error.status >= 500;

/** Retries temporary errors; invalid requests and missing rights are reported at once. */
export function createQueryClient(): QueryClient {
  return new QueryClient({
    defaultOptions: {
      queries: {
        staleTime: 30_000,
        refetchOnWindowFocus: false,
        // On a hidden page a retry waits until the page is visible, and delays each later read.
        retry: (failures, error) => focusManager.isFocused() && failures < 2 && mayPass(error),
        retryDelay: (attempt) => Math.min(4_000, 500 * 2 ** attempt),
        // The browser's offline detection is often wrong for a server on the same machine.
        networkMode: "always",
      },
    },
  });
}
