/** The tab of rejected records: list, drawer. */
import { useRef, useState } from "react";
import { useTranslation } from "react-i18next";

import { Card } from "@/components/ui/card";
import { ErrorState, StaleNote } from "@/components/ui/states";
import { useFormat } from "@/lib/use-format";
import { useSteadyError } from "@/lib/use-steady-error";

import type { TabProps } from "./accepted";
import { ROW_PX } from "./events-table";
import { ListEmpty, ListFooter, ListSkeleton } from "./list-states";
import { neighbours } from "./neighbours";
import { RecordDrawer } from "./record-drawer";
import { recordKey } from "./record-key";
import { RejectedTable } from "./rejected-table";
import { cleared, isFiltered } from "./search";
import { useMore } from "./use-more";
import { useRejectedList } from "./use-rejected-list";

export function Rejected({ search, onSearch, onOpen, onClose, density, phone }: TabProps) {
  const { t } = useTranslation("events");
  const format = useFormat();
  const scroller = useRef<HTMLDivElement>(null);
  const [away, setAway] = useState(false);
  const { query, rows } = useRejectedList(search, away || search.record !== undefined);
  const more = useMore(query);
  const error = useSteadyError(query);
  const openIndex = rows.findIndex((record) => recordKey(record) === search.record);
  const close = () => {
    onClose();
    scroller.current?.focus({ preventScroll: true });
  };

  return (
    <>
      {query.isRefetchError && <StaleNote>{t("list.stale", { time: format.time(query.dataUpdatedAt) })}</StaleNote>}
      <Card className="relative flex min-h-0 flex-1 flex-col overflow-hidden">
        {query.data ? (
          <RejectedTable
            rows={rows}
            density={density}
            phone={phone}
            openId={search.record}
            onOpen={(record) => onOpen(recordKey(record))}
            hasMore={query.hasNextPage}
            onNearEnd={more.onNearEnd}
            onAway={setAway}
            scroller={scroller}
            dimmed={query.isPlaceholderData}
            empty={<ListEmpty rejected filtered={isFiltered(search)} past={false} more={more} onClear={() => onSearch(cleared(search))} />}
            footer={
              <ListFooter
                rejected
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
      </Card>
      <RecordDrawer id={search.record} known={rows} onClose={close} {...neighbours(rows, openIndex, recordKey, onOpen)} />
    </>
  );
}
