/** One event, and the whole journey of its order. Its id stands in the address, so it can be shared. */
import { ChevronDown, ChevronUp } from "lucide-react";
import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";

import { Button } from "@/components/ui/button";
import { Drawer } from "@/components/ui/dialog";
import { Skeleton } from "@/components/ui/skeleton";
import { EmptyState, ErrorState } from "@/components/ui/states";
import { ApiError } from "@/lib/api";
import { keys } from "@/lib/cache";
import { cn } from "@/lib/cn";
import { useApi } from "@/lib/context";
import type { OrderEvent, OrderJourney } from "@/lib/types";
import { useFormat } from "@/lib/use-format";
import { useNow } from "@/lib/use-freshness";
import { askAgain, useSteadyError } from "@/lib/use-steady-error";

import { CopyButton } from "./copy-button";
import { Detail, DetailList } from "./detail-list";
import { type Journey, journeyOf } from "./journey";
import { OUTCOME, SOFT_TONE, StatusMark, TypeMark } from "./marks";
import { Timeline } from "./timeline";

const isMissing = (error: Error | null) => error instanceof ApiError && error.status === 404;

/** An order that waits is looked at again. */
const OPEN_ORDER_MS = 3_000;

export interface Neighbours {
  readonly onPrevious: (() => void) | null;
  readonly onNext: (() => void) | null;
}

interface EventDrawerProps extends Neighbours {
  /** Undefined: the drawer is shut. */
  readonly id: string | undefined;
  readonly onClose: () => void;
  readonly onEvent: (id: string) => void;
  readonly onFilter: (filter: { readonly order: string } | { readonly user: string }) => void;
}

export function EventDrawer(props: EventDrawerProps) {
  const { t } = useTranslation("events");
  const api = useApi();
  const { id } = props;
  const query = useQuery({
    queryKey: keys.event(id ?? ""),
    queryFn: ({ signal }) => api.getEvent(id ?? "", signal),
    enabled: id !== undefined,
    refetchInterval: (asked) => (asked.state.data && journeyOf(asked.state.data).open ? OPEN_ORDER_MS : isMissing(asked.state.error) ? false : askAgain(asked)),
  });
  const error = useSteadyError(query, id);
  const order = query.data?.order_id;
  const title = order === undefined ? t("drawer.event") : t("drawer.title", { order });
  return (
    <Drawer open={id !== undefined} onClose={props.onClose} title={title}>
      {id !== undefined && (
        <DrawerBody {...props} id={id} data={query.data} error={error} onRetry={() => void query.refetch()} />
      )}
    </Drawer>
  );
}

interface BodyProps extends EventDrawerProps {
  readonly id: string;
  readonly data: OrderJourney | undefined;
  readonly error: Error | null;
  readonly onRetry: () => void;
}

function DrawerBody(props: BodyProps) {
  const { t } = useTranslation("events");
  const { id, data, error } = props;
  if (isMissing(error)) {
    return <EmptyState title={t("drawer.missingTitle")} text={t("drawer.missingText")} />;
  }
  if (!data && error) return <ErrorState error={error} onRetry={props.onRetry} />;
  if (!data) return <DrawerSkeleton />;
  const event = data.events.find((one) => one.id === id) ?? data.events.at(-1);
  return (
    <div className="flex flex-col gap-5">
      <Outcome journey={journeyOf(data)} />
      <section>
        <div className="mb-1 flex items-center justify-between">
          <h3 className="text-xs font-semibold text-ink-3">{t("drawer.journey")}</h3>
          <Walk onPrevious={props.onPrevious} onNext={props.onNext} />
        </div>
        <Timeline journey={journeyOf(data)} currentId={id} onEvent={props.onEvent} />
        {data.truncated && <p className="mt-1 px-2 text-xs text-ink-3">{t("drawer.truncated")}</p>}
      </section>
      {event && <Facts event={event} onFilter={props.onFilter} />}
    </div>
  );
}

/** Steps through the rows of the list while the drawer stays open. */
export function Walk({ onPrevious, onNext }: Neighbours) {
  const { t } = useTranslation("events");
  const step = (label: string, icon: ReactNode, go: (() => void) | null) => (
    <Button variant="ghost" size="icon" className="size-7" aria-label={label} title={label} disabled={go === null} onClick={() => go?.()}>
      {icon}
    </Button>
  );
  return (
    <span className="flex">
      {step(t("drawer.previous"), <ChevronUp aria-hidden className="size-4" />, onPrevious)}
      {step(t("drawer.next"), <ChevronDown aria-hidden className="size-4" />, onNext)}
    </span>
  );
}

function Outcome({ journey }: { readonly journey: Journey }) {
  const { t } = useTranslation("events");
  const format = useFormat();
  const now = useNow(1_000);
  const { icon: Icon, tone } = OUTCOME[journey.outcome];
  const last = journey.steps.at(-1)?.event;
  const lag = format.duration(last ? (now - Date.parse(last.event_time)) / 1_000 : 0);
  return (
    <div className={cn("flex items-start gap-3 rounded-xl px-4 py-3", SOFT_TONE[tone])}>
      <Icon aria-hidden className="mt-0.5 size-5 shrink-0" strokeWidth={1.9} />
      <div className="min-w-0 flex-1">
        <p className="font-semibold">{t(`outcome.${journey.outcome}`)}</p>
        <p className="text-[0.8125rem] text-ink-2">
          {t(`outcomeText.${journey.outcome}`, { lag, took: format.duration(journey.tookS) })}
          {journey.payments > 1 && ` ${t("drawer.retries", { count: journey.payments, n: format.count(journey.payments) })}.`}
        </p>
      </div>
      {last && <p className="shrink-0 text-base font-semibold text-ink">{format.money(last.amount, last.currency)}</p>}
    </div>
  );
}

function Facts({ event, onFilter }: { readonly event: OrderEvent; readonly onFilter: EventDrawerProps["onFilter"] }) {
  const { t } = useTranslation(["events", "common"]);
  const format = useFormat();
  const mono = (text: string) => <span className="font-mono break-all">{text}</span>;
  const copy = (name: string, text: string) => <CopyButton text={text} label={t("drawer.copy", { name })} />;
  const lag = format.duration((Date.parse(event.ingest_time) - Date.parse(event.event_time)) / 1_000);
  return (
    <section>
      <h3 className="mb-1 text-xs font-semibold text-ink-3">{t("drawer.details")}</h3>
      <DetailList>
        <Detail name={t("column.type")}>
          <TypeMark type={event.event_type} />
        </Detail>
        <Detail name={t("drawer.status")}>
          <StatusMark status={event.status} />
        </Detail>
        <Detail name={t("drawer.amount")}>
          {format.money(event.amount, event.currency)} <span className="text-ink-3">{event.currency}</span>
        </Detail>
        <Detail name={t("drawer.happened")}>{format.dateTime(event.event_time)}</Detail>
        <Detail name={t("drawer.written")}>{t("drawer.writtenAfter", { time: format.dateTime(event.ingest_time), lag })}</Detail>
        <Detail name={t("drawer.order")} actions={copy(t("drawer.order"), event.order_id)}>
          {mono(event.order_id)}
        </Detail>
        <Detail name={t("drawer.user")} actions={copy(t("drawer.user"), event.user_id)}>
          {mono(event.user_id)}
        </Detail>
        <Detail name={t("drawer.eventId")} actions={copy(t("drawer.eventId"), event.id)}>
          <span className="font-mono text-xs break-all">{event.id}</span>
        </Detail>
      </DetailList>
      <div className="mt-4 flex flex-wrap gap-2">
        <Button size="sm" onClick={() => onFilter({ order: event.order_id })}>
          {t("drawer.filterOrder")}
        </Button>
        <Button size="sm" onClick={() => onFilter({ user: event.user_id })}>
          {t("drawer.filterUser")}
        </Button>
        <CopyButton text={JSON.stringify(event, null, 2)} label={t("drawer.copyJson")}>
          {t("drawer.copyJson")}
        </CopyButton>
        <CopyButton text={window.location.href} label={t("drawer.copyLink")}>
          {t("drawer.copyLink")}
        </CopyButton>
      </div>
    </section>
  );
}

export function DrawerSkeleton() {
  const { t } = useTranslation("common");
  return (
    <div role="status" aria-label={t("state.loading")} className="flex flex-col gap-4 pt-1">
      <Skeleton className="h-16 rounded-xl" />
      {[0, 1, 2].map((line) => (
        <Skeleton key={line} className="h-11" />
      ))}
      <Skeleton className="h-48" />
    </div>
  );
}
