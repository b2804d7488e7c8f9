import { useMutation, useQuery } from "@tanstack/react-query";

import { keys } from "@/lib/cache";
import { useApi } from "@/lib/context";
import type { TryRequest } from "@/lib/types";

const REREAD_MS = 5_000;

export function useSources() {
  const api = useApi();
  return useQuery({
    queryKey: keys.sources,
    queryFn: ({ signal }) => api.getSources(signal),
    refetchInterval: REREAD_MS,
  });
}

export function useFailedMessages(source: string) {
  const api = useApi();
  return useQuery({
    queryKey: keys.failedMessages(source),
    queryFn: ({ signal }) => api.getFailedMessages(source, signal),
    refetchInterval: REREAD_MS,
  });
}

export function useTry(source: string) {
  const api = useApi();
  return useMutation({ mutationFn: (message: TryRequest) => api.tryMessage(source, message) });
}
