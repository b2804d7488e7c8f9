/** A virtualised table with keyboard navigation: TanStack Table manages its rows, TanStack Virtual renders
 * the visible ones. It has the ARIA role `grid`; focus stays on the grid and `aria-activedescendant` names the row.
 */
import {
  createColumnHelper,
  flexRender,
  type Row,
  type RowData,
  tableFeatures,
  type TableOptions,
  useTable,
} from "@tanstack/react-table";
import { useVirtualizer } from "@tanstack/react-virtual";
import {
  type KeyboardEvent,
  type MouseEvent,
  type ReactNode,
  type RefObject,
  useEffect,
  useId,
  useLayoutEffect,
  useRef,
  useState,
} from "react";

import { cn } from "@/lib/cn";

interface ColumnMeta {
  /** Of its cells and its title. */
  readonly className?: string;
  readonly cellClassName?: string;
}
const META: ColumnMeta = {};
const features = tableFeatures({ columnMeta: META });
type Features = typeof features;
export type GridColumns<T extends RowData> = TableOptions<Features, T>["columns"];

export const columnHelper = <T extends RowData>() => createColumnHelper<Features, T>();

const HEADER_PX = 36;
/** Distance from the end, in rows, at which more are requested. */
const AHEAD = 20;

export interface DataGridProps<T extends RowData> {
  readonly label: string;
  readonly description: string;
  readonly columns: GridColumns<T>;
  /** Tailwind's `grid-cols-…` of the columns. */
  readonly template: string;
  readonly rows: readonly T[];
  readonly rowId: (row: T) => string;
  /** CSS pixels. */
  readonly rowHeight: number;
  /** Renders the whole row if there is no room for columns. */
  readonly compact: ((row: T) => ReactNode) | null;
  /** The row whose drawer is open; it is kept visible. */
  readonly openId: string | undefined;
  readonly onOpen: (row: T) => void;
  /** Whether there are more rows. */
  readonly hasMore: boolean;
  readonly onNearEnd: () => void;
  readonly onAway: (away: boolean) => void;
  /** Shown if there are no rows. */
  readonly empty: ReactNode;
  /** After the last row. */
  readonly footer: ReactNode;
  readonly scroller: RefObject<HTMLDivElement>;
  /** Whether these are the rows of the previous query. */
  readonly dimmed: boolean;
}

const domId = (grid: string, row: string) => `${grid}-${row}`;

export function DataGrid<T extends RowData>(props: DataGridProps<T>) {
  const { rows: data, columns, rowId, rowHeight, openId, onOpen, onNearEnd, scroller, compact } = props;
  const gridId = useId();
  const [activeId, setActiveId] = useState<string | null>(openId ?? null);
  const [shownId, setShownId] = useState(openId);
  if (openId !== shownId) {
    setShownId(openId);
    if (openId !== undefined) setActiveId(openId);
  }

  const table = useTable({ features, columns, data, getRowId: rowId });
  const { rows } = table.getRowModel();
  const headerPx = compact ? 0 : HEADER_PX;
  // The warning is for the React Compiler, which the build does not use.
  // eslint-disable-next-line react-hooks/incompatible-library
  const virtualizer = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => rowHeight,
    getItemKey: (index) => rows[index]?.id ?? index,
    overscan: 8,
    scrollPaddingStart: headerPx,
    initialRect: { width: 0, height: 600 },
  });
  const items = virtualizer.getVirtualItems();
  const nearEnd = (items.at(-1)?.index ?? 0) >= rows.length - AHEAD;

  useEffect(() => {
    virtualizer.measure();
  }, [virtualizer, rowHeight]);
  useEffect(() => {
    if (nearEnd) onNearEnd();
  }, [nearEnd, onNearEnd]);
  const latest = useRef(rows);
  useLayoutEffect(() => {
    latest.current = rows;
  });
  // When another row is opened; new rows above must not scroll the list.
  useEffect(() => {
    const index = latest.current.findIndex((row) => row.id === openId);
    if (index >= 0) virtualizer.scrollToIndex(index);
  }, [virtualizer, openId]);

  const move = (to: number) => {
    const index = Math.max(0, Math.min(rows.length - 1, to));
    const row = rows[index];
    if (!row) return;
    setActiveId(row.id);
    virtualizer.scrollToIndex(index);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const current = rows.findIndex((row) => row.id === activeId);
    const page = Math.max(1, Math.floor(((scroller.current?.clientHeight ?? 0) - headerPx) / rowHeight) - 1);
    const goals: Readonly<Record<string, number>> = {
      ArrowDown: current + 1,
      ArrowUp: Math.max(0, current - 1),
      PageDown: current + page,
      PageUp: Math.max(0, current - page),
      Home: 0,
      End: rows.length - 1,
    };
    const goal = goals[event.key];
    const row = rows[current];
    if (goal !== undefined) move(goal);
    else if (event.key === "Enter" && row) onOpen(row.original);
    else return;
    event.preventDefault();
  };
  const onClick = (event: MouseEvent) => {
    const place = event.target instanceof Element ? event.target.closest("[data-index]") : null;
    const row = place && rows[Number(place.getAttribute("data-index"))];
    if (!row) return;
    setActiveId(row.id);
    onOpen(row.original);
  };
  const activeInSight = items.some((item) => rows[item.index]?.id === activeId);

  return (
    <div
      ref={scroller}
      id={gridId}
      role="grid"
      tabIndex={0}
      aria-label={props.label}
      aria-describedby={`${gridId}-help`}
      aria-rowcount={props.hasMore ? -1 : rows.length + 1}
      aria-busy={props.dimmed}
      aria-activedescendant={activeInSight && activeId !== null ? domId(gridId, activeId) : undefined}
      onKeyDown={onKeyDown}
      onClick={onClick}
      onScroll={(event) => props.onAway(event.currentTarget.scrollTop > rowHeight / 2)}
      className="group/grid relative min-h-0 flex-1 overflow-x-hidden overflow-y-auto overscroll-contain outline-none focus-visible:outline-none"
    >
      <p id={`${gridId}-help`} hidden>
        {props.description}
      </p>
      <div role="rowgroup" className={cn("sticky top-0 z-10", compact && "sr-only")}>
        {table.getHeaderGroups().map((group) => (
          <div
            key={group.id}
            role="row"
            aria-rowindex={1}
            className={cn(
              "grid h-9 items-center border-b border-line bg-surface px-4 text-xs font-medium text-ink-3",
              props.template,
            )}
          >
            {group.headers.map((header) => (
              <div
                key={header.id}
                role="columnheader"
                className={cn("truncate", header.column.columnDef.meta?.className)}
              >
                {flexRender(header.column.columnDef.header, header.getContext())}
              </div>
            ))}
          </div>
        ))}
      </div>
      {rows.length === 0 && (
        <div className="flex min-h-[calc(100%-2.25rem)] flex-col justify-center">{props.empty}</div>
      )}
      <div
        role="rowgroup"
        className={cn("relative transition-opacity", props.dimmed && "opacity-50")}
        style={{ height: virtualizer.getTotalSize() }}
      >
        {items.map((item) => {
          const row = rows[item.index];
          if (!row) return null;
          return (
            <div
              key={item.key}
              id={domId(gridId, row.id)}
              role="row"
              data-index={item.index}
              aria-rowindex={item.index + 2}
              aria-selected={row.id === openId}
              data-active={row.id === activeId}
              style={{ height: item.size, transform: `translateY(${item.start}px)` }}
              className={cn(
                "absolute inset-x-0 top-0 cursor-pointer border-b border-line/60 px-4 hover:bg-sunken/60 aria-selected:bg-accent-soft",
                "group-focus-visible/grid:data-[active=true]:shadow-[inset_0_0_0_2px_var(--accent)]",
                compact ? "flex items-center" : cn("grid items-center", props.template),
              )}
            >
              {compact ? (
                <div role="gridcell" className="min-w-0 flex-1">
                  {compact(row.original)}
                </div>
              ) : (
                <Cells row={row} />
              )}
            </div>
          );
        })}
      </div>
      {rows.length > 0 && (
        <div className="flex min-h-12 items-center justify-center px-4 py-3 text-[0.8125rem] text-ink-3">
          {props.footer}
        </div>
      )}
    </div>
  );
}

function Cells<T extends RowData>({ row }: { readonly row: Row<Features, T> }) {
  return row.getAllCells().map((cell) => (
    <div
      key={cell.id}
      role="gridcell"
      className={cn(
        "min-w-0 truncate",
        cell.column.columnDef.meta?.className,
        cell.column.columnDef.meta?.cellClassName,
      )}
    >
      {flexRender(cell.column.columnDef.cell, cell.getContext())}
    </div>
  ));
}
