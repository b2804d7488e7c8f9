/** The tab of accepted events: live tail, list, drawer. */
import { type RefObject, useRef, useState } from "react";
import { useTranslation } from "react-i18next";

import { Card } from "@/components/ui/card";
import { ErrorState, StaleNote } from "@/components/ui/states";
import { useTimeZone } from "@/lib/preferences";
import type { OrderEvent } from "@/lib/types";
import { useFormat } from "@/lib/use-format";
import { useShortcuts } from "@/lib/use-shortcuts";
import { useSteadyError } from "@/lib/use-steady-error";

import { EventDrawer } from "./event-drawer";
import { type Density, EventsTable, ROW_PX } from "./events-table";
import { isPast, toEventFilters } from "./filters";
import { ListEmpty, ListFooter, ListSkeleton } from "./list-states";
import { neighbours } from "./neighbours";
import { change, cleared, type EventsSearch, isFiltered } from "./search";
import { TailBar, WaitingPill } from "./tail-bar";
import { useEventList } from "./use-event-list";
import { useMore } from "./use-more";
import { useSpaceKey } from "./use-space-key";

export interface TabProps {
  readonly search: EventsSearch;
  readonly onSearch: (next: EventsSearch, replace?: boolean) => void;
  readonly onOpen: (id: string) => void;
  readonly onClose: () => void;
  readonly density: Density;
  readonly phone: boolean;
}

const idOf = (event: OrderEvent) => event.id;

export function Accepted({ search, onSearch, onOpen, onClose, density, phone, field }: TabProps & { readonly field: RefObject<HTMLInputElement> }) {
  const { t } = useTranslation("events");
  const format = useFormat();
  const timeZone = useTimeZone();
  const scroller = useRef<HTMLDivElement>(null);
  const [paused, setPaused] = useState(false);
  const [away, setAway] = useState(false);
  const { query, rows, tail, reread, release } = useEventList(search, paused || away);
  const more = useMore(query);
  const error = useSteadyError(query);

  const past = search.to !== undefined && isPast(toEventFilters(search, query.dataUpdatedAt, timeZone), query.dataUpdatedAt);
  const pause = (next: boolean) => {
    setPaused(next);
    // What is looked at in peace is whole: the stream may have left out events.
    if (next ? tail.gap || tail.sampled : tail.gap) reread();
    if (!next) release();
  };
  const showWaiting = () => {
    scroller.current?.scrollTo({ top: 0 });
    setAway(false);
    release();
    if (tail.gap || tail.waitingCount > tail.waiting.length) reread();
  };
  useSpaceKey(() => !past && pause(!paused));
  useShortcuts({ "/": () => field.current?.focus() });

  const openIndex = rows.findIndex((event) => event.id === search.event);
  const close = () => {
    onClose();
    scroller.current?.focus({ preventScroll: true });
  };

  return (
    <>
      {query.isRefetchError && <StaleNote>{t("list.stale", { time: format.time(query.dataUpdatedAt) })}</StaleNote>}
      <Card className="relative flex min-h-0 flex-1 flex-col overflow-hidden">
        {!error && <TailBar tail={tail} paused={paused} away={away} past={past} onPause={pause} onFill={reread} />}
        <div className="relative flex min-h-0 flex-1 flex-col">
          {!past && <WaitingPill tail={tail} onShow={showWaiting} />}
          {query.data ? (
            <EventsTable
              rows={rows}
              density={density}
              phone={phone}
              openId={search.event}
              onOpen={(event) => onOpen(event.id)}
              hasMore={query.hasNextPage}
              onNearEnd={more.onNearEnd}
              onAway={setAway}
              scroller={scroller}
              dimmed={query.isPlaceholderData}
              empty={
                <ListEmpty rejected={false} filtered={isFiltered(search)} past={past} more={more} onClear={() => onSearch(cleared(search))} />
              }
              footer={
                <ListFooter
                  rejected={false}
                  count={rows.length}
                  hasMore={query.hasNextPage}
                  failed={query.isFetchNextPageError}
                  onRetry={() => void query.fetchNextPage()}
                  more={more}
                />
              }
            />
          ) : error ? (
            <ErrorState error={error} onRetry={() => void query.refetch()} />
          ) : (
            <ListSkeleton rowHeight={phone ? ROW_PX.phone : ROW_PX[density]} />
          )}
        </div>
      </Card>
      <EventDrawer
        id={search.event}
        onClose={close}
        onEvent={onOpen}
        onFilter={(filter) => onSearch(change(cleared(search), { ...filter, event: undefined }))}
        {...neighbours(rows, openIndex, idOf, onOpen)}
      />
    </>
  );
}
