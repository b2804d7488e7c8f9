/**
 * When further pages are read. Where hardly a row passes the filters the API answers with empty pages
 * and a cursor; those are followed for a while by themselves, then only when somebody asks.
 */
import type { InfiniteData } from "@tanstack/react-query";
import { useCallback, useState } from "react";

/** Empty pages in a row that are read without asking; each looks for a fifth of a second. */
const PATIENCE = 15;

interface Pages {
  readonly data: InfiniteData<{ readonly items: readonly unknown[] }> | undefined;
  readonly hasNextPage: boolean;
  readonly isFetching: boolean;
  readonly isFetchNextPageError: boolean;
  readonly isPlaceholderData: boolean;
  readonly fetchNextPage: () => Promise<unknown>;
}

export interface More {
  readonly onNearEnd: () => void;
  /** Whether pages come back empty, so that it takes a moment. */
  readonly looking: boolean;
  /** Go on after it gave up; null while it has not. */
  readonly lookOn: (() => void) | null;
}

function barren(data: Pages["data"]): number {
  const pages = data?.pages ?? [];
  const lastFull = pages.findLastIndex((page) => page.items.length > 0);
  return pages.length - 1 - lastFull;
}

export function useMore({ data, hasNextPage, isFetching, isFetchNextPageError, isPlaceholderData, fetchNextPage }: Pages): More {
  const [allowed, setAllowed] = useState(PATIENCE);
  const empty = barren(data);
  const tired = hasNextPage && empty >= allowed;
  const idle = hasNextPage && !isFetching && !isFetchNextPageError && !isPlaceholderData && !tired;
  const pages = data?.pages.length ?? 0;
  const onNearEnd = useCallback(() => {
    // Another page count makes another function, so the list looks again whether its end is near.
    if (idle && pages > 0) void fetchNextPage();
  }, [idle, pages, fetchNextPage]);
  return {
    onNearEnd,
    looking: hasNextPage && empty > 0 && !tired,
    lookOn: tired ? () => setAllowed(empty + PATIENCE) : null,
  };
}
