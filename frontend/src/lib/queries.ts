/** What pages ask for, as hooks. Live messages write to the same cache, so these rarely ask twice. */
import { keepPreviousData, type QueryClient, useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";

import type { Api, LiveOptions, RangeQuery, Topic } from "./api";
import { EMPTY_TICKER, keys, mergeTicker, type Ticker } from "./cache";
import { useApi, useHub } from "./context";
import type { Freshness } from "./types";

/** Live messages keep the numbers right; now and then they are read anew all the same. */
const REREAD_MS = 5 * 60_000;

interface Read {
  readonly data: Freshness | undefined;
  readonly dataUpdatedAt: number;
  readonly isPlaceholderData: boolean;
}

/** Messages of the stream note themselves; here it is the moment of reading that counts, however long ago it was. */
function useNote({ data, dataUpdatedAt, isPlaceholderData }: Read): void {
  const hub = useHub();
  useEffect(() => {
    if (data && !isPlaceholderData) hub.note(data, dataUpdatedAt);
  }, [hub, data, dataUpdatedAt, isPlaceholderData]);
}

/** Not the query's own `refetchInterval`: that begins anew with every message, and would never be over. */
function useReread(refetch: (options: { cancelRefetch: boolean }) => Promise<unknown>): void {
  useEffect(() => {
    // Several parts of a page show the same answer; one question is enough for them.
    const timer = setInterval(() => void refetch({ cancelRefetch: false }), REREAD_MS);
    return () => clearInterval(timer);
  }, [refetch]);
}

const aboutOf = (api: Api) => ({
  queryKey: keys.about,
  queryFn: ({ signal }: { signal: AbortSignal }) => api.getAbout(signal),
  staleTime: Infinity,
});

const kpiOf = (api: Api, range: RangeQuery) => ({
  queryKey: keys.kpi(range),
  queryFn: ({ signal }: { signal: AbortSignal }) => api.getKpi(range, signal),
});

const seriesOf = (api: Api, range: RangeQuery) => ({
  queryKey: keys.series(range),
  queryFn: ({ signal }: { signal: AbortSignal }) => api.getTimeSeries(range, signal),
  // Arrays of 1,440 entries are replaced, not compared.
  structuralSharing: false as const,
});

/** Ask for what the dashboard shows first, while its code is still under way. */
export function prefetchRange(api: Api, client: QueryClient, range: RangeQuery): void {
  // What fails here is asked again, and told, by the page.
  const ignore = () => undefined;
  client.query(aboutOf(api)).catch(ignore);
  client.query(kpiOf(api, range)).catch(ignore);
  client.query(seriesOf(api, range)).catch(ignore);
}

export function useAbout() {
  return useQuery(aboutOf(useApi()));
}

export function useKpi(range: RangeQuery) {
  const query = useQuery({ ...kpiOf(useApi(), range), placeholderData: keepPreviousData });
  useNote(query);
  useReread(query.refetch);
  return query;
}

export function useTimeSeries(range: RangeQuery) {
  const query = useQuery({ ...seriesOf(useApi(), range), placeholderData: keepPreviousData });
  useReread(query.refetch);
  return query;
}

export function useSystemHealth() {
  const api = useApi();
  const query = useQuery({
    queryKey: keys.health,
    queryFn: ({ signal }) => api.getSystemHealth(signal),
    refetchInterval: 10_000,
  });
  useNote(query);
  return query;
}

/** The newest events; the first ones are read, the others come by the stream. */
export function useTicker() {
  const api = useApi();
  const client = useQueryClient();
  return useQuery<Ticker>({
    queryKey: keys.ticker,
    queryFn: async ({ signal }) => {
      const { items } = await api.getEvents({ limit: 30 }, signal);
      const live = client.getQueryData<Ticker>(keys.ticker) ?? EMPTY_TICKER;
      return mergeTicker(live, items);
    },
    staleTime: Infinity,
    structuralSharing: false,
  });
}

const ALL_TOPICS: readonly Topic[] = ["kpi", "windows", "events", "health"];

/** Hold the live connection open for as long as the page stands, for this range and these topics. */
export function useLive(range: RangeQuery, topics: readonly Topic[] = ALL_TOPICS): void {
  const hub = useHub();
  const { range: name, tz, from, to } = range;
  const wanted = topics.join(",");
  useEffect(() => {
    const options: LiveOptions = { range: { range: name, tz, from, to }, topics: wanted.split(",") as Topic[] };
    return hub.listen(options);
  }, [hub, name, tz, from, to, wanted]);
}
