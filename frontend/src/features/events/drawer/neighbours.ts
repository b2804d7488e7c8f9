import type { Neighbours } from "./drawer-parts";

/** Steps to the rows before and after the open one, where there are any. */
export function neighbours<T>(
  rows: readonly T[],
  openId: string | undefined,
  idOf: (row: T) => string,
  onOpen: (id: string) => void,
): Neighbours {
  const index = rows.findIndex((row) => idOf(row) === openId);
  const to = (row: T | undefined) => (index < 0 || row === undefined ? null : () => onOpen(idOf(row)));
  return { onPrevious: to(rows[index - 1]), onNext: to(rows[index + 1]) };
}
