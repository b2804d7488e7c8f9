/** uPlot options of the queries' charts: two lines over a common time axis. */
import UPlot from "uplot";

import { faded, type Palette, type PlotOptions } from "@/components/ui/plot";
import type { Format } from "@/lib/locale/format";

import { ceilingOf, QUERIES, type QueryName } from "./series";

export interface PlotLook {
  readonly palette: Palette;
  readonly timeZone: string;
  readonly format: Format;
  readonly written: (value: number) => string;
  readonly onPoint: (index: number | null) => void;
}

/** The second query is dashed, so that the two differ in more than colour. */
export const DASHES: Readonly<Record<QueryName, number[]>> = { events_clean: [], kpi_1m: [5, 3] };

export const colourOf = (query: QueryName, palette: Palette) =>
  query === "events_clean" ? palette.accent : palette["warn-fill"];

export function plotOptions({ palette, timeZone, format, written, onPoint }: PlotLook): PlotOptions {
  const axis = {
    stroke: palette["ink-3"],
    font: "11px system-ui, sans-serif",
    ticks: { show: false },
    border: { show: false },
  };
  return {
    tzDate: (seconds) => UPlot.tzDate(new Date(seconds * 1_000), timeZone),
    padding: [8, 6, 0, 0],
    legend: { show: false },
    cursor: {
      y: false,
      sync: { key: "ops", setSeries: false },
      points: {
        size: 6,
        width: 1.5,
        stroke: palette.surface,
        fill: (_plot, index) => colourOf(QUERIES[index - 1] ?? "events_clean", palette),
      },
      drag: { x: false, y: false },
    },
    scales: {
      x: { time: true },
      y: {
        range: (plot) => [
          0,
          ceilingOf(...plot.data.slice(1).map((column) => [...column].map((value) => value ?? null))).top,
        ],
      },
    },
    axes: [
      {
        ...axis,
        grid: { show: false },
        space: 64,
        size: 26,
        values: (_plot, splits) => splits.map((at) => format.minute(at * 1_000)),
      },
      {
        ...axis,
        grid: { stroke: palette.line, width: 1 },
        space: 34,
        size: 52,
        gap: 6,
        values: (_plot, splits) => splits.map(written),
      },
    ],
    series: [
      {},
      ...QUERIES.map((query) => ({
        stroke: colourOf(query, palette),
        width: 1.5,
        dash: DASHES[query],
        points: { show: false },
        spanGaps: false,
        ...(query === "events_clean" ? { fill: faded(palette.accent, 9) } : {}),
      })),
    ],
    hooks: {
      setCursor: [
        (plot) => onPoint(plot.cursor.left != null && plot.cursor.left >= 0 ? (plot.cursor.idx ?? null) : null),
      ],
    },
  };
}
