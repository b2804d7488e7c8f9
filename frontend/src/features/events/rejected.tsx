/** The tab of rejected records: list, drawer. */
import { useRef, useState } from "react";

import { neighbours } from "./drawer/neighbours";
import { RecordDrawer } from "./drawer/record-drawer";
import { recordKey } from "./drawer/record-key";
import { ListCard, type TabProps } from "./list/list-card";
import { REJECTED_LOOK } from "./list/rejected-table";
import { useRejectedList } from "./list/use-rejected-list";

export function Rejected({ onClose, ...tab }: TabProps) {
  const { search, onOpen } = tab;
  const scroller = useRef<HTMLDivElement>(null);
  const [away, setAway] = useState(false);
  const { query, rows } = useRejectedList(search, away || search.record !== undefined);
  const close = () => {
    onClose();
    scroller.current?.focus({ preventScroll: true });
  };

  return (
    <>
      <ListCard
        {...tab}
        look={REJECTED_LOOK}
        query={query}
        rows={rows}
        openId={search.record}
        onAway={setAway}
        scroller={scroller}
      />
      <RecordDrawer
        id={search.record}
        known={rows}
        onClose={close}
        {...neighbours(rows, search.record, recordKey, onOpen)}
      />
    </>
  );
}
