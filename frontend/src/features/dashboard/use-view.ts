/** What the dashboard shows: range, currency, metric; in the URL if links should include it. */
import { getRouteApi } from "@tanstack/react-router";
import { useMemo } from "react";

import { RANGES, type RangeName, type RangeQuery } from "@/lib/api";
import { preferences, usePreferences, useTimeZone } from "@/lib/preferences";
import { useAbout } from "@/lib/queries";

import type { DashboardSearchParams } from "./search";

const route = getRouteApi("/");

export type SeriesMetric = NonNullable<DashboardSearchParams["metric"]>;

export interface View {
  readonly range: RangeQuery & { readonly range: RangeName };
  readonly setRange: (range: RangeName) => void;
  readonly nextRange: () => void;
  readonly currency: string;
  readonly currencies: readonly string[];
  readonly setCurrency: (currency: string) => void;
  readonly metric: SeriesMetric;
  readonly setMetric: (metric: SeriesMetric) => void;
  readonly wall: boolean;
  readonly setWall: (wall: boolean) => void;
}

/** Used until the server has sent its currencies. */
const FIRST_CURRENCIES = ["VND", "USD"];

export function useView(): View {
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const chosen = usePreferences();
  const tz = useTimeZone();
  const about = useAbout().data;
  const name = search.range ?? chosen.range;
  const range = useMemo(() => ({ range: name, tz }), [name, tz]);
  const currencies = about?.currencies.map(({ code }) => code) ?? FIRST_CURRENCIES;
  const preferred = chosen.currency ?? "";

  const change = (to: DashboardSearchParams) =>
    void navigate({ search: (before) => ({ ...before, ...to }), replace: true });
  const setRange = (to: RangeName) => {
    preferences.update({ range: to });
    change({ range: to });
  };
  return {
    range,
    setRange,
    nextRange: () => setRange(RANGES[(RANGES.indexOf(name) + 1) % RANGES.length] ?? "1h"),
    currencies,
    currency: currencies.includes(preferred) ? preferred : (currencies[0] ?? "VND"),
    setCurrency: (currency) => preferences.update({ currency }),
    metric: search.metric ?? "revenue",
    setMetric: (metric) => change({ metric }),
    wall: search.wall ?? false,
    setWall: (wall) => change({ wall: wall || undefined }),
  };
}
