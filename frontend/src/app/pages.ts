/** The pages, each a separate chunk. */
import { part } from "@/lib/parts";

export const PAGES = {
  dashboard: part(() => import("@/features/dashboard/page")),
  events: part(() => import("@/features/events/page")),
  sources: part(() => import("@/features/sources/page")),
  ops: part(() => import("@/features/ops/page")),
};

/** Everything that loads after the first page. */
export const LATER = [...Object.values(PAGES), part(() => import("@/features/dashboard/series-plot"))];
