/** A drawer's facts about an order's outcome and one event. */
import { useTranslation } from "react-i18next";

import { SOFT_TONE } from "@/components/ui/badge";
import { Button } from "@/components/ui/button";
import { cn } from "@/lib/cn";
import type { OrderEvent } from "@/lib/types";
import { useFormat } from "@/lib/locale/use-format";
import { useNow } from "@/lib/live/use-freshness";

import { CopyButton } from "@/components/ui/copy-button";
import { Detail, DetailList } from "./detail-list";
import type { Journey } from "./journey";
import { OUTCOME, StatusMark, TypeMark } from "../marks";

export function Outcome({ journey }: { readonly journey: Journey }) {
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
          {journey.payments > 1 &&
            ` ${t("drawer.retries", { count: journey.payments, n: format.count(journey.payments) })}.`}
        </p>
      </div>
      {last && <p className="shrink-0 text-base font-semibold text-ink">{format.money(last.amount, last.currency)}</p>}
    </div>
  );
}

const OPTIONAL = ["payment_method", "channel", "country", "failure_reason"] as const;

interface EventFactsProps {
  readonly event: OrderEvent;
  readonly onFilter: (filter: { readonly order: string } | { readonly user: string }) => void;
}

export function EventFacts({ event, onFilter }: EventFactsProps) {
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
        <Detail name={t("drawer.written")}>
          {t("drawer.writtenAfter", { time: format.dateTime(event.ingest_time), lag })}
        </Detail>
        <Detail name={t("drawer.order")} actions={copy(t("drawer.order"), event.order_id)}>
          {mono(event.order_id)}
        </Detail>
        <Detail name={t("drawer.user")} actions={copy(t("drawer.user"), event.user_id)}>
          {mono(event.user_id)}
        </Detail>
        {OPTIONAL.filter((field) => event[field] !== "").map((field) => (
          <Detail key={field} name={t(`drawer.optional.${field}`)}>
            {event[field]}
          </Detail>
        ))}
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
