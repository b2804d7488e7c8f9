/** Loading of further pages. If hardly any row matches the filters, the API returns empty pages
 * with a cursor; some are followed automatically, later ones only on request.
 */
import type { InfiniteData } from "@tanstack/react-query";
import { useCallback, useState } from "react";

/** Empty pages in a row that are read automatically; each is a search of a fifth of a second. */
const PATIENCE = 15;

export interface Pages {
  readonly data: InfiniteData<{ readonly items: readonly unknown[] }> | undefined;
  readonly hasNextPage: boolean;
  readonly isFetching: boolean;
  readonly isFetchNextPageError: boolean;
  readonly isPlaceholderData: boolean;
  readonly fetchNextPage: () => Promise<unknown>;
}

export interface More {
  readonly onNearEnd: () => void;
  /** Whether pages are empty, so that loading takes a moment. */
  readonly looking: boolean;
  /** Continue after the automatic search stopped; null before. */
  readonly lookOn: (() => void) | null;
}

function barren(data: Pages["data"]): number {
  const pages = data?.pages ?? [];
  const lastFull = pages.findLastIndex((page) => page.items.length > 0);
  return pages.length - 1 - lastFull;
}

export function useMore({
  data,
  hasNextPage,
  isFetching,
  isFetchNextPageError,
  isPlaceholderData,
  fetchNextPage,
}: Pages): More {
  const [allowed, setAllowed] = useState(PATIENCE);
  const empty = barren(data);
  const tired = hasNextPage && empty >= allowed;
  const idle = hasNextPage && !isFetching && !isFetchNextPageError && !isPlaceholderData && !tired;
  const pages = data?.pages.length ?? 0;
  const onNearEnd = useCallback(() => {
    // Another page count creates another function, so the list checks again whether its end is near.
    if (idle && pages > 0) void fetchNextPage();
  }, [idle, pages, fetchNextPage]);
  return {
    onNearEnd,
    looking: hasNextPage && empty > 0 && !tired,
    lookOn: tired ? () => setAllowed(empty + PATIENCE) : null,
  };
}
