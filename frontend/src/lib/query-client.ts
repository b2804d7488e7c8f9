import { QueryClient } from "@tanstack/react-query";

import { ApiError } from "./api";

/** Retries what may pass by itself; a wrong question or a missing right is told at once. */
export function createQueryClient(): QueryClient {
  return new QueryClient({
    defaultOptions: {
      queries: {
        staleTime: 30_000,
        refetchOnWindowFocus: false,
        retry: (failures, error) => failures < 2 && (!(error instanceof ApiError) || error.status === 0 || error.status >= 500),
        retryDelay: (attempt) => Math.min(4_000, 500 * 2 ** attempt),
        // The browser's own idea of being offline is often wrong for a server on the same machine.
        networkMode: "always",
      },
    },
  });
}
