import { ChartNoAxesColumn, Table2 } from "lucide-react";
import { lazy, Suspense, useCallback, useState } from "react";
import { useTranslation } from "react-i18next";

import { Button } from "@/components/ui/button";
import { TitledCard } from "@/components/ui/card";
import { Segmented } from "@/components/ui/segmented";
import { Select } from "@/components/ui/select";
import { Skeleton } from "@/components/ui/skeleton";
import { EmptyState, ErrorState } from "@/components/ui/states";
import { useTimeSeries } from "@/lib/queries";
import { part } from "@/lib/parts";
import type { TimeSeries } from "@/lib/types";
import { useFormat } from "@/lib/locale/use-format";

import { closedCount } from "./figures";
import { isEmpty, METRICS as KPIS_OF } from "./series-data";
import { SeriesLegend } from "./series-legend";
import { SeriesTable } from "./series-table";
import type { SeriesMetric, View } from "./use-view";

/** The chart library is loaded after the numbers, which are more important. */
const SeriesPlot = lazy(part(async () => ({ default: (await import("./series-plot")).SeriesPlot })));

const METRICS = Object.keys(KPIS_OF) as SeriesMetric[];
const HEIGHT = 310;

function Body({ series, view, table }: { readonly series: TimeSeries; readonly view: View; readonly table: boolean }) {
  const { t } = useTranslation("dashboard");
  const format = useFormat();
  const [point, setPoint] = useState<number | null>(null);
  const onPoint = useCallback((index: number | null) => setPoint(index), []);
  const index = point ?? Math.max(0, closedCount(series) - 1);
  if (isEmpty(series)) {
    const span = { from: format.dateMinute(series.range.start), to: format.dateMinute(series.range.end) };
    return (
      <div style={{ height: HEIGHT + 44 }}>
        <EmptyState title={t("series.emptyTitle")} text={t("series.emptyText", span)} />
      </div>
    );
  }
  return (
    <>
      <SeriesLegend series={series} index={index} currency={view.currency} metric={view.metric} />
      <div className="mt-2">
        {table ? (
          <SeriesTable series={series} currency={view.currency} height={HEIGHT} />
        ) : (
          <Suspense fallback={<div style={{ height: HEIGHT }} />}>
            <SeriesPlot
              series={series}
              metric={view.metric}
              currency={view.currency}
              height={HEIGHT}
              onPoint={onPoint}
            />
          </Suspense>
        )}
      </div>
    </>
  );
}

/** The range minute by minute. */
export function SeriesCard({ view }: { readonly view: View }) {
  const { t } = useTranslation("dashboard");
  const query = useTimeSeries(view.range);
  const [table, setTable] = useState(false);
  const series = query.data;
  const Icon = table ? ChartNoAxesColumn : Table2;
  return (
    <TitledCard
      title={t(series && series.step_s > 60 ? "series.titleHours" : "series.title")}
      actions={
        <div className="flex max-w-full items-center gap-2">
          <Segmented
            label={t("series.metric")}
            className="max-sm:hidden"
            value={view.metric}
            options={METRICS.map((value) => ({ value, label: t(`series.metrics.${value}`) }))}
            onValue={view.setMetric}
          />
          <Select
            aria-label={t("series.metric")}
            className="sm:hidden"
            value={view.metric}
            options={METRICS.map((value) => ({ value, label: t(`series.metrics.${value}`) }))}
            onValue={(value) => view.setMetric(METRICS.find((metric) => metric === value) ?? "revenue")}
          />
          <Button
            variant="ghost"
            size="icon"
            className="size-8 print:hidden"
            aria-pressed={table}
            aria-label={t(table ? "series.showChart" : "series.showTable")}
            title={t(table ? "series.showChart" : "series.showTable")}
            onClick={() => setTable(!table)}
          >
            <Icon className="size-4" aria-hidden />
          </Button>
        </div>
      }
    >
      <div style={{ minHeight: HEIGHT + 52 }}>
        {series ? (
          <Body series={series} view={view} table={table} />
        ) : query.isError ? (
          <ErrorState error={query.error} onRetry={() => void query.refetch()} />
        ) : (
          <div className="space-y-3 pt-1">
            <Skeleton className="h-9 w-full max-w-xl" />
            <Skeleton className="h-[19rem] w-full" />
          </div>
        )}
      </div>
    </TitledCard>
  );
}
