import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";

import { keys } from "@/lib/cache";
import { useApi } from "@/lib/context";
import type { TryRequest } from "@/lib/types";

const REREAD_MS = 5_000;

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

const FOLLOW_MS = 2_000;

/** Launches the run that maps a source's messages again, and follows it to its end. */
export function useMapAgain(source: string) {
  const api = useApi();
  const client = useQueryClient();
  const ask = useMutation({ mutationFn: () => api.mapAgain(source) });
  const runId = ask.data?.run_id;
  const run = useQuery({
    queryKey: keys.run(runId ?? ""),
    queryFn: ({ signal }) => api.getRun(runId ?? "", signal),
    enabled: runId !== undefined,
    refetchInterval: ({ state }) => (state.data === undefined || state.data.state === "underway" ? FOLLOW_MS : false),
    gcTime: 0,
  });
  const ended = run.data !== undefined && run.data.state !== "underway";
  useEffect(() => {
    if (ended) void client.invalidateQueries({ queryKey: keys.sources });
  }, [ended, client]);
  return { ask, run, underway: ask.isPending || (ask.isSuccess && !ended) };
}
