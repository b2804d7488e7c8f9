/** One rejected record: reason, position, payload. */
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";

import { Drawer } from "@/components/ui/dialog";
import { EmptyState, ErrorState } from "@/components/ui/states";
import { useApi } from "@/lib/context";
import type { RejectedRecord } from "@/lib/types";
import { useFormat } from "@/lib/locale/use-format";
import { askAgain, useSteadyError } from "@/lib/page/use-steady-error";

import { CopyButton } from "@/components/ui/copy-button";
import { Detail, DetailList } from "./detail-list";
import { DrawerSkeleton, type Neighbours, Walk } from "./drawer-parts";
import { PayloadView } from "./payload-view";
import { recordKey, secondOf } from "./record-key";
import { Fault, ReasonMark, ReplayedMark } from "../list/rejected-table";

const MOST_ROWS = 500;

interface RecordDrawerProps extends Neighbours {
  /** By `recordKey`; undefined: the drawer is closed. */
  readonly id: string | undefined;
  /** The rows of the list, which usually include it. */
  readonly known: readonly RejectedRecord[];
  readonly onClose: () => void;
}

/** The record of a key: from the list, or for a shared link from the second in which it was rejected. */
function useRecord(id: string | undefined, known: readonly RejectedRecord[]) {
  const api = useApi();
  const here = id === undefined ? undefined : known.find((record) => recordKey(record) === id);
  const second = id === undefined ? null : secondOf(id);
  const query = useQuery({
    queryKey: ["rejected-record", id],
    queryFn: async ({ signal }) => {
      const { items } = await api.getRejected({ ...second, limit: MOST_ROWS }, signal);
      return items.find((record) => recordKey(record) === id) ?? null;
    },
    enabled: here === undefined && second !== null,
    refetchInterval: askAgain,
  });
  const error = useSteadyError(query, id);
  const missing = id !== undefined && here === undefined && (second === null || query.data === null);
  return { record: here ?? query.data ?? undefined, missing, error, retry: () => void query.refetch() };
}

export function RecordDrawer({ id, known, onClose, onPrevious, onNext }: RecordDrawerProps) {
  const { t } = useTranslation("events");
  const { record, missing, error, retry } = useRecord(id, known);
  let body = <DrawerSkeleton />;
  if (record) {
    body = (
      <div className="flex flex-col gap-5">
        <Facts record={record} onPrevious={onPrevious} onNext={onNext} />
        <PayloadView key={id} record={record} />
      </div>
    );
  } else if (missing) body = <EmptyState title={t("record.missingTitle")} text={t("record.missingText")} />;
  else if (error) body = <ErrorState error={error} onRetry={retry} />;
  return (
    <Drawer open={id !== undefined} onClose={onClose} title={t("record.title")}>
      {body}
    </Drawer>
  );
}

function Facts({ record, onPrevious, onNext }: { readonly record: RejectedRecord } & Neighbours) {
  const { t } = useTranslation("events");
  const format = useFormat();
  const { topic, partition, offset } = record;
  return (
    <section>
      <div className="mb-2 flex items-start justify-between gap-3">
        <div>
          <ReasonMark reason={record.reason} />
          <p className="mt-1.5 text-[0.8125rem] text-ink-2">{t(`meaning.${record.reason}`)}</p>
        </div>
        <Walk onPrevious={onPrevious} onNext={onNext} />
      </div>
      <DetailList>
        <Detail name={t("record.detail")}>
          <Fault record={record} />
        </Detail>
        <Detail
          name={t("record.place")}
          actions={
            <CopyButton
              text={`${topic} ${partition} ${offset}`}
              label={t("drawer.copy", { name: t("record.place") })}
            />
          }
        >
          {t("record.placeValue", { topic, partition, offset })}
        </Detail>
        {record.source !== null && (
          <Detail name={t("record.source")}>
            <Origin source={record.source} reason={record.unmapped_reason} />
          </Detail>
        )}
        <Detail name={t("record.taken")}>{format.dateTime(record.kafka_time)}</Detail>
        <Detail name={t("record.rejected")}>{format.dateTime(record.rejected_at)}</Detail>
        <Detail name={t("record.replayed")}>
          {record.replayed_at === null ? (
            t("record.notReplayed")
          ) : (
            <span className="flex flex-wrap items-center gap-2">
              <ReplayedMark at={record.replayed_at} />
              {format.dateTime(record.replayed_at)}
            </span>
          )}
        </Detail>
      </DetailList>
    </section>
  );
}

/** The source that sent it; if it made no event of it, with the reason and the way to map it again. */
function Origin({ source, reason }: { readonly source: string; readonly reason: string | null }) {
  const { t } = useTranslation("events");
  if (reason === null) return <span translate="no">{source}</span>;
  return (
    <>
      <Link to="/sources" search={{ source }} translate="no" className="rounded-md text-accent hover:underline">
        {source}
      </Link>
      {": "}
      {t("record.unmapped", { reason })}
    </>
  );
}
