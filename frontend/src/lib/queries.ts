/** The pages' queries as hooks. Live messages write to the same cache, so these rarely refetch. */
import { focusManager, keepPreviousData, type QueryClient, useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";

import type { Api, BreakdownField, LiveOptions, RangeQuery, Topic } from "./api";
import { EMPTY_TICKER, keys, mergeTicker, type Ticker } from "./cache";
import { useApi, useHub } from "./context";
import type { Freshness } from "./types";

/** Live messages keep the numbers correct; they are reloaded occasionally anyway. */
const REREAD_MS = 5 * 60_000;
/** The stream does not carry breakdowns: they are read again instead. */
const BREAKDOWN_MS = 30_000;
/** What came from sources is counted as it comes. */
const SOURCES_MS = 5_000;
/** Browsers let the timers of a hidden page run once a minute. */
const WATCHED_MS = 60_000;

interface Read {
  readonly data: Freshness | undefined;
  readonly dataUpdatedAt: number;
  readonly isPlaceholderData: boolean;
}

/** Messages of the stream record their own freshness; here the time of the read counts, however long ago. */
function useNote({ data, dataUpdatedAt, isPlaceholderData }: Read): void {
  const hub = useHub();
  useEffect(() => {
    if (data && !isPlaceholderData) hub.note(data, dataUpdatedAt);
  }, [hub, data, dataUpdatedAt, isPlaceholderData]);
}

/** Not the query's own `refetchInterval`, which restarts with every message and would never elapse. */
function useReread(refetch: (options: { cancelRefetch: boolean }) => Promise<unknown>): void {
  useEffect(() => {
    const timer = setInterval(() => {
      // Several parts of a page show the same response; one request is enough.
      if (focusManager.isFocused()) void refetch({ cancelRefetch: false });
    }, REREAD_MS);
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

export function useSources({ enabled = true } = {}) {
  const api = useApi();
  return useQuery({
    queryKey: keys.sources,
    queryFn: ({ signal }) => api.getSources(signal),
    refetchInterval: SOURCES_MS,
    enabled,
  });
}

/** Request the dashboard's first data while its code is still loading. */
export function prefetchRange(api: Api, client: QueryClient, range: RangeQuery): void {
  // The page retries and reports requests that fail here.
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

export function useBreakdown(range: RangeQuery, by: BreakdownField) {
  const api = useApi();
  return useQuery({
    queryKey: keys.breakdown(range, by),
    queryFn: ({ signal }) => api.getBreakdown(range, by, signal),
    placeholderData: keepPreviousData,
    refetchInterval: BREAKDOWN_MS,
  });
}

/** `watched`: read it once a minute while no messages come, as on a hidden page. */
export function useTimeSeries(range: RangeQuery, watched = false) {
  const query = useQuery({
    ...seriesOf(useApi(), range),
    placeholderData: keepPreviousData,
    refetchInterval: watched && WATCHED_MS,
    refetchIntervalInBackground: true,
  });
  useNote(query);
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

/** The newest events; the first are read, later ones come from the stream. */
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

/** Keep the live connection open while the page is mounted, for this range and these topics. */
export function useLive(range: RangeQuery, topics: readonly Topic[] = ALL_TOPICS): void {
  const hub = useHub();
  const { range: name, tz, from, to } = range;
  const wanted = topics.join(",");
  useEffect(() => {
    const options: LiveOptions = { range: { range: name, tz, from, to }, topics: wanted.split(",") as Topic[] };
    return hub.listen(options);
  }, [hub, name, tz, from, to, wanted]);
}
