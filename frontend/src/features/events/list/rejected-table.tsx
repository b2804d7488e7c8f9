import { RotateCcw } from "lucide-react";
import { useTranslation } from "react-i18next";

import { Badge } from "@/components/ui/badge";
import type { RejectedRecord, RejectReason } from "@/lib/types";
import { DASH } from "@/lib/locale/format";
import { useFormat } from "@/lib/locale/use-format";

import { columnHelper } from "./data-grid";
import { ColumnTitle, When } from "./events-table";
import type { ListLook } from "./list-card";
import { visible } from "@/lib/payload";
import { recordKey } from "../drawer/record-key";

export function ReasonMark({ reason }: { readonly reason: RejectReason }) {
  const { t } = useTranslation();
  return <Badge tone={reason === "late" || reason === "future" ? "warn" : "bad"}>{t(`reason.${reason}`)}</Badge>;
}

export function ReplayedMark({ at }: { readonly at: string | null }) {
  const { t } = useTranslation("events");
  const format = useFormat();
  if (at === null) return <span className="text-ink-3">{DASH}</span>;
  return (
    <Badge tone="good" title={t("record.replayedAt", { time: format.dateTime(at) })}>
      <RotateCcw aria-hidden className="size-3" />
      {t("record.replayedBadge")}
    </Badge>
  );
}

/** The detail of the rejection; for a record that is too large, its size. */
export function Fault({ record }: { readonly record: RejectedRecord }) {
  const format = useFormat();
  return record.reason === "too_large" ? format.bytes(record.payload_bytes) : visible(record.detail ?? DASH);
}

function Size({ bytes }: { readonly bytes: number }) {
  const format = useFormat();
  return format.bytes(bytes);
}

const helper = columnHelper<RejectedRecord>();
const COLUMNS = helper.columns([
  helper.accessor("rejected_at", {
    header: () => <ColumnTitle name="time" />,
    cell: ({ getValue }) => <When at={getValue()} />,
  }),
  helper.accessor("reason", {
    header: () => <ColumnTitle name="reason" />,
    cell: ({ getValue }) => <ReasonMark reason={getValue()} />,
  }),
  helper.accessor("source", {
    header: () => <ColumnTitle name="source" />,
    cell: ({ getValue }) => <span translate="no">{getValue() ?? DASH}</span>,
    meta: { cellClassName: "text-ink-2" },
  }),
  helper.accessor("detail", {
    header: () => <ColumnTitle name="detail" />,
    cell: ({ row }) => <Fault record={row.original} />,
    meta: { cellClassName: "text-ink-2" },
  }),
  helper.accessor((record) => `${record.partition} · ${record.offset}`, {
    id: "place",
    header: () => <ColumnTitle name="place" />,
    meta: { cellClassName: "font-mono text-[0.8125rem] text-ink-2" },
  }),
  helper.accessor("payload_bytes", {
    header: () => <ColumnTitle name="size" />,
    cell: ({ getValue }) => <Size bytes={getValue()} />,
    meta: { className: "text-right", cellClassName: "text-ink-2" },
  }),
  helper.accessor("replayed_at", {
    header: () => <ColumnTitle name="replayed" />,
    cell: ({ getValue }) => <ReplayedMark at={getValue()} />,
  }),
]);
const TEMPLATE =
  "gap-x-2 lg:gap-x-3 xl:gap-x-4 grid-cols-[minmax(5.5rem,0.7fr)_minmax(10rem,1fr)_minmax(4.5rem,0.7fr)_minmax(4rem,2fr)_minmax(6.5rem,0.8fr)_minmax(4rem,0.4fr)_minmax(5rem,0.6fr)]";

function Compact({ record }: { readonly record: RejectedRecord }) {
  const format = useFormat();
  return (
    <div className="flex flex-col gap-1">
      <div className="flex items-center justify-between gap-3">
        <span className="flex min-w-0 items-center gap-1.5">
          <ReasonMark reason={record.reason} />
          {record.replayed_at !== null && <ReplayedMark at={record.replayed_at} />}
        </span>
        <span className="shrink-0 text-xs text-ink-3">{format.time(record.rejected_at)}</span>
      </div>
      <div className="flex items-baseline justify-between gap-3 text-xs text-ink-2">
        <span className="truncate">
          {record.source !== null && <span translate="no">{record.source}: </span>}
          <Fault record={record} />
        </span>
        <span className="shrink-0 text-ink-3">{format.bytes(record.payload_bytes)}</span>
      </div>
    </div>
  );
}

export const REJECTED_LOOK: ListLook<RejectedRecord> = {
  columns: COLUMNS,
  template: TEMPLATE,
  rowId: recordKey,
  compact: (record) => <Compact record={record} />,
};
