import { Link } from "@tanstack/react-router";
import { ArrowRight } from "lucide-react";
import { type FocusEvent, memo, useState } from "react";
import { useTranslation } from "react-i18next";

import { EVENT_LOOK, TEXT_TONE } from "@/components/look";
import { TitledCard } from "@/components/ui/card";
import { Skeleton } from "@/components/ui/skeleton";
import { EmptyState, ErrorState } from "@/components/ui/states";
import { Time } from "@/components/ui/time";
import { cn } from "@/lib/cn";
import { useTicker } from "@/lib/queries";
import type { OrderEvent } from "@/lib/types";
import { useFormat } from "@/lib/locale/use-format";

const ROWS = 8;

const ROW_REM = 2.5;

/** Positioned by a transform: moving by layout would count as a layout shift at every event. */
const Row = memo(function Row({ event, place }: { readonly event: OrderEvent; readonly place: number }) {
  const { t } = useTranslation(["dashboard", "common"]);
  const format = useFormat();
  const { icon: Icon, tone } = EVENT_LOOK[event.event_type];
  return (
    <li
      className="absolute inset-x-0 top-0 h-10 border-b border-line transition-transform duration-150 ease-out"
      style={{ transform: `translateY(${place * ROW_REM}rem)` }}
    >
      <Link
        to="/events"
        search={{ order: event.order_id }}
        title={t("ticker.order", { order: event.order_id })}
        className="grid h-full animate-[appear_200ms_ease-out] grid-cols-[4.25rem_1.25rem_minmax(0,1fr)_auto] items-center gap-2 rounded-md px-1 text-[0.8125rem] hover:bg-sunken sm:grid-cols-[4.25rem_1.25rem_minmax(0,1.2fr)_minmax(0,1fr)_9rem] sm:gap-3"
      >
        <Time at={event.event_time} className="text-ink-3">
          {format.time(event.event_time)}
        </Time>
        <Icon className={cn("size-4", TEXT_TONE[tone])} strokeWidth={1.9} aria-hidden />
        <span className="truncate font-medium">{t(`event.${event.event_type}`, { ns: "common" })}</span>
        <span className="truncate text-ink-3 max-sm:hidden">{event.order_id}</span>
        <span
          className={cn(
            "text-right font-semibold whitespace-nowrap",
            event.event_type !== "payment_success" && "font-normal text-ink-2",
          )}
        >
          {format.money(event.amount, event.currency)}
        </span>
      </Link>
    </li>
  );
});

/** The newest events as they are committed. Pauses while hovered or focused, so that a line can be clicked. */
export function TickerCard() {
  const { t } = useTranslation("dashboard");
  const format = useFormat();
  const query = useTicker();
  const [pointed, setPointed] = useState(false);
  const [focused, setFocused] = useState(false);
  const [held, setHeld] = useState<readonly OrderEvent[] | null>(null);
  const hold = pointed || focused;
  if (hold && held === null && query.data) setHeld(query.data.items);
  if (!hold && held !== null) setHeld(null);
  const items = held ?? query.data?.items;
  // Focus moving between lines stays inside: new lines must not displace the target.
  const onBlur = (event: FocusEvent) => {
    if (!event.currentTarget.contains(event.relatedTarget)) setFocused(false);
  };
  const note = held
    ? t("ticker.paused")
    : query.data?.sampled
      ? t("ticker.sampled", { shown: format.count(query.data.shown), seen: format.count(query.data.seen) })
      : undefined;
  return (
    <TitledCard
      title={t("ticker.title")}
      note={note}
      actions={
        <Link
          to="/events"
          className="inline-flex items-center gap-1 text-[0.8125rem] font-medium text-accent hover:underline"
        >
          {t("ticker.all")}
          <ArrowRight className="size-3.5" aria-hidden />
        </Link>
      }
    >
      {/* Pausing follows pointer and focus; it is not a control. */}
      {/* eslint-disable-next-line jsx-a11y/no-static-element-interactions */}
      <div
        className="h-80 overflow-hidden"
        onMouseEnter={() => setPointed(true)}
        onMouseLeave={() => setPointed(false)}
        onFocus={() => setFocused(true)}
        onBlur={onBlur}
      >
        {items && items.length > 0 ? (
          <ul className="relative h-full">
            {items.slice(0, ROWS).map((event, place) => (
              <Row key={event.id} event={event} place={place} />
            ))}
          </ul>
        ) : query.isError ? (
          <ErrorState error={query.error} onRetry={() => void query.refetch()} />
        ) : items ? (
          <EmptyState title={t("ticker.empty")} text={t("ticker.emptyText")} />
        ) : (
          <div className="space-y-3 pt-2">
            {Array.from({ length: ROWS }, (_, index) => (
              <Skeleton key={index} className="h-6 w-full" />
            ))}
          </div>
        )}
      </div>
    </TitledCard>
  );
}
