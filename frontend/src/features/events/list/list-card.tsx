/** The list of a tab, or its replacement while there is none. */
import type { RowData } from "@tanstack/react-table";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";

import { Card } from "@/components/ui/card";
import { ErrorState, StaleNote } from "@/components/ui/states";
import { useFormat } from "@/lib/locale/use-format";
import { useSteadyError } from "@/lib/page/use-steady-error";

import { DataGrid, type DataGridProps } from "./data-grid";
import { ListEmpty, ListFooter, ListSkeleton } from "./list-states";
import { cleared, type EventsSearch, isFiltered } from "../search";
import { type Pages, useMore } from "./use-more";

export type Density = "comfortable" | "dense";
const ROW_PX: Readonly<Record<Density | "phone", number>> = { comfortable: 44, dense: 32, phone: 62 };

export interface TabProps {
  readonly search: EventsSearch;
  readonly onSearch: (next: EventsSearch, replace?: boolean) => void;
  readonly onOpen: (id: string) => void;
  readonly onClose: () => void;
  readonly density: Density;
  readonly phone: boolean;
}

/** The columns of a list, and its rows if there is no room for columns. */
export type ListLook<T extends RowData> = Pick<DataGridProps<T>, "columns" | "template" | "rowId"> & {
  readonly compact: (row: T) => ReactNode;
};

interface ListQuery extends Pages {
  readonly error: Error | null;
  readonly isRefetchError: boolean;
  readonly dataUpdatedAt: number;
  readonly refetch: () => Promise<unknown>;
}

interface ListCardProps<T extends RowData>
  extends Omit<TabProps, "onClose">, Pick<DataGridProps<T>, "rows" | "openId" | "onAway" | "scroller"> {
  readonly look: ListLook<T>;
  readonly query: ListQuery;
  /** The range has ended: nothing new can come. */
  readonly past?: boolean;
  /** Above the list, unless it failed. */
  readonly bar?: ReactNode;
  /** Over the list. */
  readonly pill?: ReactNode;
}

export function ListCard<T extends RowData>(props: ListCardProps<T>) {
  const { look, query, search, phone, past = false } = props;
  const { t } = useTranslation("events");
  const format = useFormat();
  const more = useMore(query);
  const error = useSteadyError(query);
  const rejected = search.tab === "rejected";
  const rowHeight = phone ? ROW_PX.phone : ROW_PX[props.density];
  return (
    <>
      {query.isRefetchError && <StaleNote>{t("list.stale", { time: format.time(query.dataUpdatedAt) })}</StaleNote>}
      <Card className="relative flex min-h-0 flex-1 flex-col overflow-hidden">
        {!error && props.bar}
        <div className="relative flex min-h-0 flex-1 flex-col">
          {props.pill}
          {query.data ? (
            <DataGrid
              {...look}
              label={t(rejected ? "list.labelRejected" : "list.label")}
              description={t("list.keys")}
              rows={props.rows}
              rowHeight={rowHeight}
              compact={phone ? look.compact : null}
              openId={props.openId}
              onOpen={(row) => props.onOpen(look.rowId(row))}
              hasMore={query.hasNextPage}
              onNearEnd={more.onNearEnd}
              onAway={props.onAway}
              scroller={props.scroller}
              dimmed={query.isPlaceholderData}
              empty={
                <ListEmpty
                  rejected={rejected}
                  filtered={isFiltered(search)}
                  past={past}
                  more={more}
                  onClear={() => props.onSearch(cleared(search))}
                />
              }
              footer={
                <ListFooter
                  rejected={rejected}
                  count={props.rows.length}
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
            <ListSkeleton rowHeight={rowHeight} />
          )}
        </div>
      </Card>
    </>
  );
}
