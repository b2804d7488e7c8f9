/** The list of accepted events: pages by the API's cursors, and above them events from the live stream. */
import { type InfiniteData, keepPreviousData, useInfiniteQuery, useQueryClient } from "@tanstack/react-query";
import { useCallback, useEffect, useLayoutEffect, useMemo, useReducer, useRef } from "react";

import type { EventFilters } from "@/lib/api";
import { useApi, useHub } from "@/lib/context";
import { useTimeZone } from "@/lib/preferences";
import { useStore } from "@/lib/store";
import { askAgain } from "@/lib/page/use-steady-error";
import { passes } from "@/lib/passes";
import type { EventPage, OrderEvent } from "@/lib/types";

import { isPast, toEventFilters } from "../filters/filters";
import { type EventsSearch, filtersOf } from "../search";
import { EMPTY_TAIL, merge, tailReducer } from "./tail";

const PAGE_ROWS = 100;
/** How often a list is reloaded if the stream leaves gaps in it, or there is no stream. */
const REREAD_MS = 5_000;
/** How often the list of a span that ends now is reloaded. */
const SPAN_REREAD_MS = 60_000;
const NONE: readonly OrderEvent[] = [];

/** A page with its filters, to which its cursor is bound. */
type ListPage = EventPage & { readonly filters: EventFilters };
interface Place {
  readonly cursor: string;
  readonly filters: EventFilters;
}

/** `hold`: new events wait instead of joining the list. */
export function useEventList(search: EventsSearch, hold: boolean) {
  const api = useApi();
  const hub = useHub();
  const client = useQueryClient();
  const timeZone = useTimeZone();
  const { phase } = useStore(hub.status);
  const [tail, dispatch] = useReducer(tailReducer, EMPTY_TAIL);

  const chosen = filtersOf(search);
  const chosenKey = JSON.stringify(chosen);
  const ask = useCallback(
    () => toEventFilters(JSON.parse(chosenKey) as EventsSearch, hub.now(), timeZone),
    [chosenKey, hub, timeZone],
  );
  const queryKey = useMemo(() => ["event-pages", chosenKey, timeZone] as const, [chosenKey, timeZone]);

  const query = useInfiniteQuery({
    queryKey,
    queryFn: async ({ pageParam, signal }): Promise<ListPage> => {
      const filters = pageParam?.filters ?? ask();
      const page = await api.getEvents({ ...filters, limit: PAGE_ROWS, cursor: pageParam?.cursor }, signal);
      if (!pageParam) {
        hub.note(page);
        dispatch({ kind: "restart", asOf: page.as_of, passes: (event) => passes(event, filters) });
      }
      return { ...page, filters };
    },
    initialPageParam: null as Place | null,
    getNextPageParam: (last): Place | null =>
      last.next_cursor === null ? null : { cursor: last.next_cursor, filters: last.filters },
    placeholderData: keepPreviousData,
    refetchInterval: askAgain,
    staleTime: Infinity,
    // An unwatched list has gaps immediately, so returning to it reloads.
    gcTime: 0,
    structuralSharing: false,
  });

  const { refetch } = query;
  const reread = useCallback(() => {
    client.setQueryData<InfiniteData<ListPage, Place | null>>(
      queryKey,
      (old) => old && { pages: old.pages.slice(0, 1), pageParams: old.pageParams.slice(0, 1) },
    );
    void refetch();
  }, [client, queryKey, refetch]);

  const latest = useRef({ hold, ask, reread });
  useLayoutEffect(() => {
    latest.current = { hold, ask, reread };
  });

  useEffect(
    () =>
      hub.onEvents((batch) => {
        const at = Date.now();
        const filters = latest.current.ask();
        if (isPast(filters, at)) return;
        dispatch({
          kind: "batch",
          batch,
          passes: (event) => passes(event, filters),
          all: Object.keys(filters).length === 0,
          hold: latest.current.hold,
          at,
        });
      }),
    [hub],
  );

  // The stream is connected (again): earlier commits are only in the database.
  useEffect(() => {
    if (phase !== "live") return;
    if (latest.current.hold) dispatch({ kind: "missed" });
    else latest.current.reread();
  }, [phase]);

  const renew = phase === "polling" || tail.gap || query.isRefetchError;
  // A span moves with time: events that left it must leave the list, too.
  const slides = search.span !== undefined;
  const everyMs = hold ? null : renew ? REREAD_MS : slides ? SPAN_REREAD_MS : null;
  useEffect(() => {
    if (everyMs === null) return undefined;
    const timer = setInterval(() => latest.current.reread(), everyMs);
    return () => clearInterval(timer);
  }, [everyMs]);

  const { data, hasNextPage } = query;
  const rows = useMemo(() => {
    const pages = data ? data.pages.flatMap((page) => page.items) : NONE;
    return merge(tail.rows, pages, hasNextPage);
  }, [data, tail.rows, hasNextPage]);

  const release = useCallback(() => {
    dispatch({ kind: "release" });
  }, []);

  return { query, rows, tail, reread, release };
}
