/** The list of rejected records, page by page; polls for the newest. */
import { keepPreviousData, useInfiniteQuery } from "@tanstack/react-query";
import { useMemo } from "react";

import type { RejectedFilters } from "@/lib/api";
import { useApi, useHub } from "@/lib/context";
import { useTimeZone } from "@/lib/preferences";
import { askAgain } from "@/lib/page/use-steady-error";
import type { RejectedPage, RejectedRecord } from "@/lib/types";

import { toRejectedFilters } from "../filters/filters";
import { recordKey } from "../drawer/record-key";
import { type EventsSearch, filtersOf } from "../search";

const PAGE_ROWS = 100;
/** Rejects are few and are not in the stream. */
const REREAD_MS = 10_000;

type ListPage = RejectedPage & { readonly filters: RejectedFilters };
interface Place {
  readonly cursor: string;
  readonly filters: RejectedFilters;
}

/** `hold`: the user reads further down, so nothing may move. */
export function useRejectedList(search: EventsSearch, hold: boolean) {
  const api = useApi();
  const hub = useHub();
  const timeZone = useTimeZone();
  const chosenKey = JSON.stringify(filtersOf(search));
  const query = useInfiniteQuery({
    queryKey: ["rejected-pages", chosenKey, timeZone],
    queryFn: async ({ pageParam, signal }): Promise<ListPage> => {
      const filters =
        pageParam?.filters ?? toRejectedFilters(JSON.parse(chosenKey) as EventsSearch, hub.now(), timeZone);
      const page = await api.getRejected({ ...filters, limit: PAGE_ROWS, cursor: pageParam?.cursor }, signal);
      return { ...page, filters };
    },
    initialPageParam: null as Place | null,
    getNextPageParam: (last): Place | null =>
      last.next_cursor === null ? null : { cursor: last.next_cursor, filters: last.filters },
    placeholderData: keepPreviousData,
    refetchInterval: (asked) => (hold ? askAgain(asked) : REREAD_MS),
    gcTime: 0,
    structuralSharing: false,
  });
  const { data } = query;
  const rows = useMemo(() => {
    const all = data ? data.pages.flatMap((page) => page.items) : [];
    // A page that was read while a record arrived may repeat a row.
    return [...new Map<string, RejectedRecord>(all.map((record) => [recordKey(record), record])).values()];
  }, [data]);
  return { query, rows };
}
