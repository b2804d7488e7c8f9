/** The tab of accepted events: live tail, list, drawer. */
import { type RefObject, useRef, useState } from "react";

import { useTimeZone } from "@/lib/preferences";
import { useShortcuts } from "@/lib/page/use-shortcuts";

import { EventDrawer } from "./drawer/event-drawer";
import { EVENTS_LOOK } from "./list/events-table";
import { isPast, toEventFilters } from "./filters/filters";
import { ListCard, type TabProps } from "./list/list-card";
import { neighbours } from "./drawer/neighbours";
import { change, cleared } from "./search";
import { TailBar, WaitingPill } from "./list/tail-bar";
import { useEventList } from "./list/use-event-list";

export function Accepted({ onClose, field, ...tab }: TabProps & { readonly field: RefObject<HTMLInputElement> }) {
  const { search, onSearch, onOpen } = tab;
  const timeZone = useTimeZone();
  const scroller = useRef<HTMLDivElement>(null);
  const [paused, setPaused] = useState(false);
  const [away, setAway] = useState(false);
  const { query, rows, tail, reread, release } = useEventList(search, paused || away);

  const past =
    search.to !== undefined && isPast(toEventFilters(search, query.dataUpdatedAt, timeZone), query.dataUpdatedAt);
  const pause = (next: boolean) => {
    setPaused(next);
    // A paused list must be complete: the stream may have left out events.
    if (next ? tail.gap || tail.sampled : tail.gap) reread();
    if (!next) release();
  };
  const showWaiting = () => {
    scroller.current?.scrollTo({ top: 0 });
    setAway(false);
    release();
    if (tail.gap || tail.waitingCount > tail.waiting.length) reread();
  };
  useShortcuts({ "/": () => field.current?.focus(), " ": () => !past && pause(!paused) });

  const close = () => {
    onClose();
    scroller.current?.focus({ preventScroll: true });
  };

  return (
    <>
      <ListCard
        {...tab}
        look={EVENTS_LOOK}
        query={query}
        rows={rows}
        openId={search.event}
        onAway={setAway}
        scroller={scroller}
        past={past}
        bar={<TailBar tail={tail} paused={paused} away={away} past={past} onPause={pause} onFill={reread} />}
        pill={!past && <WaitingPill tail={tail} onShow={showWaiting} />}
      />
      <EventDrawer
        id={search.event}
        onClose={close}
        onEvent={onOpen}
        onFilter={(filter) => onSearch(change(cleared(search), { ...filter, event: undefined }))}
        {...neighbours(rows, search.event, EVENTS_LOOK.rowId, onOpen)}
      />
    </>
  );
}
