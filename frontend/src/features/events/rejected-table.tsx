import { RotateCcw } from "lucide-react";
import { useTranslation } from "react-i18next";

import { Badge } from "@/components/ui/badge";
import type { RejectedRecord, RejectReason } from "@/lib/types";
import { DASH } from "@/lib/format";
import { useFormat } from "@/lib/use-format";

import { columnHelper, DataGrid } from "./data-grid";
import { ColumnTitle, ROW_PX, type TableProps, When } from "./events-table";
import { visible } from "./payload";
import { recordKey } from "./record-key";

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

function Size({ bytes }: { readonly bytes: number }) {
  const format = useFormat();
  return format.bytes(bytes);
}

const helper = columnHelper<RejectedRecord>();
const COLUMNS = helper.columns([
  helper.accessor("rejected_at", { header: () => <ColumnTitle name="time" />, cell: ({ getValue }) => <When at={getValue()} /> }),
  helper.accessor("reason", { header: () => <ColumnTitle name="reason" />, cell: ({ getValue }) => <ReasonMark reason={getValue()} /> }),
  helper.accessor("detail", {
    header: () => <ColumnTitle name="detail" />,
    cell: ({ getValue }) => visible(getValue() ?? DASH),
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
  helper.accessor("replayed_at", { header: () => <ColumnTitle name="replayed" />, cell: ({ getValue }) => <ReplayedMark at={getValue()} /> }),
]);
const TEMPLATE =
  "grid-cols-[minmax(7.5rem,0.7fr)_minmax(11.5rem,1fr)_minmax(10rem,2fr)_minmax(8rem,0.8fr)_minmax(5rem,0.4fr)_minmax(7rem,0.6fr)]";

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
        <span className="truncate">{visible(record.detail ?? DASH)}</span>
        <span className="shrink-0 text-ink-3">{format.bytes(record.payload_bytes)}</span>
      </div>
    </div>
  );
}

const compact = (record: RejectedRecord) => <Compact record={record} />;

export function RejectedTable({ density, phone, ...rest }: TableProps<RejectedRecord>) {
  const { t } = useTranslation("events");
  return (
    <DataGrid
      label={t("list.labelRejected")}
      description={t("list.keys")}
      columns={COLUMNS}
      template={TEMPLATE}
      rowId={recordKey}
      rowHeight={phone ? ROW_PX.phone : ROW_PX[density]}
      compact={phone ? compact : null}
      {...rest}
    />
  );
}
