import { useCallback, useMemo, useState } from "react";
import { useTranslation } from "react-i18next";

import { TitledCard } from "@/components/ui/card";
import { Plot, type PlotData, usePalette } from "@/components/ui/plot";
import { EmptyState } from "@/components/ui/states";
import { DASH } from "@/lib/locale/format";
import { useTimeZone } from "@/lib/preferences";
import type { Health } from "@/lib/types";
import { useFormat } from "@/lib/locale/use-format";

import { plotOptions } from "./plot-options";
import { type BatchSeries, ceilingOf, type Column, QUERIES, type QueryName, summaryOf, toSeries } from "./series";

const HEIGHT = 168;
/** A note is shown if the first batch is later than this into the hour. */
const PARTIAL_S = 120;

export function PlotsCard({ health }: { readonly health: Health }) {
  const { t } = useTranslation("ops");
  const format = useFormat();
  const { batches, as_of: asOf } = health;
  const series = useMemo(() => toSeries(batches, asOf), [batches, asOf]);
  const [point, setPoint] = useState<number | null>(null);
  const onPoint = useCallback((index: number | null) => setPoint(index), []);
  const milliseconds = useCallback(
    (value: number) =>
      value < 1_000 ? t("plots.milliseconds", { value: format.count(value) }) : format.duration(value / 1_000),
    [t, format],
  );
  const duration = useCallback((value: number) => format.duration(value), [format]);
  const count = useCallback((value: number) => format.count(value), [format]);
  const first = batches[0];
  const partial = first && Date.parse(first.at) / 1_000 > (series.at[0] ?? 0) + PARTIAL_S;
  const at = point === null ? undefined : series.at[point];
  const shared = { series, point, onPoint };
  return (
    <TitledCard
      title={t("plots.title")}
      note={
        <span className="max-sm:hidden">
          {at === undefined ? t("plots.note") : t("plots.at", { time: format.time(at * 1_000) })}
        </span>
      }
      actions={<Legend />}
    >
      {batches.length === 0 ? (
        <EmptyState title={t("plots.emptyTitle")} text={t("plots.emptyText")} />
      ) : (
        <>
          <div className="grid gap-x-8 gap-y-5 lg:grid-cols-3">
            <Figure
              title={t("plots.lag")}
              hint={t("plots.lagHint")}
              columns={series.lagS}
              written={duration}
              {...shared}
            />
            <Figure
              title={t("plots.batch")}
              hint={t("plots.batchHint")}
              columns={series.batchMs}
              written={milliseconds}
              {...shared}
            />
            <Figure
              title={t("plots.records")}
              hint={t("plots.recordsHint")}
              columns={series.records}
              written={count}
              {...shared}
            />
          </div>
          {partial && <p className="mt-2 text-xs text-ink-3">{t("plots.partial", { time: format.time(first.at) })}</p>}
        </>
      )}
    </TitledCard>
  );
}

function Legend() {
  return (
    <ul className="flex gap-4 text-xs text-ink-2">
      {QUERIES.map((query) => (
        <li key={query} className="flex items-center gap-1.5">
          <Swatch query={query} />
          {query}
        </li>
      ))}
    </ul>
  );
}

function Swatch({ query }: { readonly query: QueryName }) {
  const look = query === "events_clean" ? "border-solid border-accent" : "border-dashed border-warn-fill";
  return <span aria-hidden className={`fill-meaning inline-block w-4 border-t-2 ${look}`} />;
}

interface FigureProps {
  readonly title: string;
  readonly hint: string;
  readonly columns: Readonly<Record<QueryName, Column>>;
  readonly written: (value: number) => string;
  readonly series: BatchSeries;
  readonly point: number | null;
  readonly onPoint: (index: number | null) => void;
}

function Figure({ title, hint, columns, written, series, point, onPoint }: FigureProps) {
  const { t } = useTranslation("ops");
  const format = useFormat();
  const palette = usePalette();
  const timeZone = useTimeZone();
  const ceiling = useMemo(() => ceilingOf(columns.events_clean, columns.kpi_1m), [columns]);
  const options = useMemo(
    () => plotOptions({ palette, timeZone, format, written, onPoint }),
    [palette, timeZone, format, written, onPoint],
  );
  const largest = Math.max(...QUERIES.map((query) => summaryOf(columns[query])?.largest ?? 0));
  const data = useMemo(
    () => [series.at, columns.events_clean, columns.kpi_1m] as unknown as PlotData,
    [series, columns],
  );
  return (
    <figure className="min-w-0">
      <figcaption className="flex flex-wrap items-baseline justify-between gap-x-3">
        <span className="text-[0.8125rem] font-medium" title={hint}>
          {title}
        </span>
        {ceiling.cut && <span className="text-xs text-ink-3">{t("plots.most", { value: written(largest) })}</span>}
        <span className="flex w-full gap-3 text-xs text-ink-2">
          {QUERIES.map((query) => {
            const value = point === null ? summaryOf(columns[query])?.last : columns[query][point];
            return (
              <span key={query} className="flex items-center gap-1.5">
                <Swatch query={query} />
                <span className="sr-only">{query}: </span>
                {value == null ? DASH : written(value)}
              </span>
            );
          })}
        </span>
      </figcaption>
      <Plot options={options} data={data} height={HEIGHT} label={t("plots.label", { title })} className="mt-1" />
      <p className="sr-only">
        {hint}{" "}
        {QUERIES.map((query) => {
          const summary = summaryOf(columns[query]);
          return (
            summary &&
            `${query}: ${t("plots.now")} ${written(summary.last)}, ${t("plots.most", { value: written(summary.largest) })}. `
          );
        })}
      </p>
    </figure>
  );
}
