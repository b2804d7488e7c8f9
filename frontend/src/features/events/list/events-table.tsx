import { useTranslation } from "react-i18next";

import { Time } from "@/components/ui/time";
import type { OrderEvent } from "@/lib/types";
import { useFormat } from "@/lib/locale/use-format";

import { columnHelper } from "./data-grid";
import type { ListLook } from "./list-card";
import { StatusMark, TypeDot, TypeMark } from "../marks";
import type { en } from "../i18n/en";

export function ColumnTitle({ name }: { readonly name: keyof (typeof en)["column"] }) {
  const { t } = useTranslation("events");
  return t(`column.${name}`);
}

/** The time of day, with the date if it is not today. */
export function When({ at }: { readonly at: string }) {
  const format = useFormat();
  const day = format.day(at);
  const today = day === format.day(new Date());
  return (
    <Time at={at} className="text-ink-2">
      {!today && <span className="text-ink-3">{day} </span>}
      {format.time(at)}
    </Time>
  );
}

function Amount({ event }: { readonly event: OrderEvent }) {
  const format = useFormat();
  return (
    <>
      <span className="font-medium text-ink">{format.money(event.amount, event.currency)}</span>{" "}
      <span className="ml-1 text-xs text-ink-3">{event.currency}</span>
    </>
  );
}

const helper = columnHelper<OrderEvent>();
const COLUMNS = helper.columns([
  helper.accessor("event_time", {
    header: () => <ColumnTitle name="time" />,
    cell: ({ getValue }) => <When at={getValue()} />,
  }),
  helper.accessor("event_type", {
    header: () => <ColumnTitle name="type" />,
    cell: ({ getValue }) => <TypeMark type={getValue()} />,
  }),
  helper.accessor("order_id", {
    header: () => <ColumnTitle name="order" />,
    meta: { cellClassName: "font-mono text-[0.8125rem]" },
  }),
  helper.accessor("user_id", {
    header: () => <ColumnTitle name="user" />,
    meta: { cellClassName: "font-mono text-[0.8125rem] text-ink-2" },
  }),
  helper.accessor("amount", {
    header: () => <ColumnTitle name="amount" />,
    cell: ({ row }) => <Amount event={row.original} />,
    meta: { className: "text-right" },
  }),
  helper.accessor("status", {
    header: () => <ColumnTitle name="status" />,
    cell: ({ getValue }) => <StatusMark status={getValue()} />,
  }),
]);
const TEMPLATE =
  "gap-x-3 lg:gap-x-4 grid-cols-[minmax(5.5rem,0.8fr)_minmax(9.5rem,1.3fr)_minmax(5.5rem,1fr)_minmax(5rem,1fr)_minmax(7.5rem,1fr)_minmax(6rem,0.7fr)]";

/** An event in two lines if there is no room for columns. */
function Compact({ event }: { readonly event: OrderEvent }) {
  const { t } = useTranslation();
  const format = useFormat();
  return (
    <div className="flex items-center gap-3">
      <TypeDot type={event.event_type} />
      <div className="min-w-0 flex-1">
        <div className="flex items-baseline justify-between gap-3">
          <span className="truncate font-medium">{t(`event.${event.event_type}`)}</span>
          <span className="shrink-0 font-medium">{format.money(event.amount, event.currency)}</span>
        </div>
        <div className="flex items-baseline justify-between gap-2 text-xs text-ink-3">
          <span className="truncate font-mono text-[0.6875rem]">
            {event.order_id} · {event.user_id}
          </span>
          <span className="shrink-0">
            {t(`status.${event.status}`)} · {format.time(event.event_time)}
          </span>
        </div>
      </div>
    </div>
  );
}

export const EVENTS_LOOK: ListLook<OrderEvent> = {
  columns: COLUMNS,
  template: TEMPLATE,
  rowId: (event) => event.id,
  compact: (event) => <Compact event={event} />,
};
