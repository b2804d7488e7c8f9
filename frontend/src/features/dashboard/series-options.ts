/** uPlot options of the series: bars for few windows, else a line with an area. */
import UPlot from "uplot";

import { faded, isZoomed, type Palette, type PlotOptions } from "@/components/ui/plot";
import type { Format } from "@/lib/locale/format";

import type { SeriesMetric } from "./use-view";

export interface SeriesLook {
  readonly metric: SeriesMetric;
  readonly currency: string;
  readonly bars: boolean;
  readonly timeZone: string;
  readonly palette: Palette;
  readonly format: Format;
  readonly stepS: number;
  /** Approximate number of windows. */
  readonly windows: number;
  /** Font size of the axes, CSS pixels. */
  readonly fontPx: number;
  readonly onPoint: (index: number | null) => void;
  readonly onZoom: (zoomed: boolean) => void;
}

/** Colours of the columns of a metric, in their order. */
export function coloursOf(metric: SeriesMetric, palette: Palette): readonly string[] {
  return metric === "payments" ? [palette["good-fill"], palette["bad-fill"], palette["warn-fill"]] : [palette.accent];
}

const DASH = [4, 4];
/** More windows than this get a thin line. */
const MANY_WINDOWS = 240;

function seriesOf(look: SeriesLook): UPlot.Series[] {
  const { metric, bars, palette } = look;
  const barPaths = UPlot.paths.bars?.({ size: [0.72, 28], radius: 0.18 });
  const shaded = metric === "revenue" || metric === "orders";
  const width = look.windows > MANY_WINDOWS ? 1 : 1.75;
  return coloursOf(metric, palette).flatMap((colour): UPlot.Series[] => {
    const shade = (plot: UPlot) => {
      const gradient = plot.ctx.createLinearGradient(0, plot.bbox.top, 0, plot.bbox.top + plot.bbox.height);
      gradient.addColorStop(0, faded(colour, 24));
      gradient.addColorStop(1, faded(colour, 1));
      return gradient;
    };
    const shared = { stroke: colour, points: { show: false }, spanGaps: metric === "success_rate" };
    if (bars && barPaths) {
      return [
        { ...shared, width: 0, fill: faded(colour, 85), paths: barPaths },
        { ...shared, width: 1.25, dash: DASH, fill: faded(colour, 16), paths: barPaths },
      ];
    }
    return [
      { ...shared, width, ...(shaded ? { fill: shade } : {}) },
      { ...shared, width, dash: DASH },
    ];
  });
}

/** Hatches the open windows, to mark a low last value as unfinished. */
function hatch(plot: UPlot, { palette, stepS }: SeriesLook): void {
  const first = plot.data[0][plot.data.at(-1)?.indexOf(1) ?? -1];
  const max = plot.scales["x"]?.max;
  if (first === undefined || max == null) return;
  const { ctx, bbox } = plot;
  const left = Math.max(bbox.left, plot.valToPos(first - stepS / 2, "x", true));
  const right = Math.min(bbox.left + bbox.width, plot.valToPos(max, "x", true));
  if (right <= left) return;
  ctx.save();
  ctx.beginPath();
  ctx.rect(left, bbox.top, right - left, bbox.height);
  ctx.clip();
  ctx.fillStyle = faded(palette["ink-3"], 6);
  ctx.fill();
  ctx.strokeStyle = faded(palette["ink-3"], 22);
  ctx.lineWidth = window.devicePixelRatio;
  ctx.beginPath();
  const gap = 6 * window.devicePixelRatio;
  for (let x = left - bbox.height; x < right; x += gap) {
    ctx.moveTo(x, bbox.top + bbox.height);
    ctx.lineTo(x + bbox.height, bbox.top);
  }
  ctx.stroke();
  ctx.restore();
}

export function seriesOptions(look: SeriesLook): PlotOptions {
  const { metric, currency, palette, format, stepS } = look;
  const axis = {
    stroke: palette["ink-3"],
    font: `${look.fontPx}px system-ui, sans-serif`,
    ticks: { show: false },
    border: { show: false },
  };
  const written = (value: number) => {
    if (metric === "revenue") return format.moneyShort(value, currency);
    return metric === "success_rate" ? format.wholePercent(value) : format.countShort(value);
  };
  return {
    tzDate: (seconds) => UPlot.tzDate(new Date(seconds * 1_000), look.timeZone),
    // Room for half of the last time.
    padding: [10, Math.round(look.fontPx * 1.5), 0, 0],
    legend: { show: false },
    cursor: {
      y: false,
      x: true,
      points: {
        size: 7,
        width: 1.5,
        stroke: palette.surface,
        // Two series for each colour: closed and open.
        fill: (_plot, index) => coloursOf(metric, palette)[Math.floor((index - 1) / 2)] ?? palette.accent,
      },
      drag: { x: true, y: false, setScale: true, dist: 8 },
    },
    scales: {
      // Half a window on both sides, so that each window has its slot.
      x: { time: true, range: (_plot, min, max) => [min - stepS / 2, max + stepS / 2] },
      y: {
        range: (_plot, min, max) => {
          // A line may begin above zero, since rates are all near the top.
          if (metric === "success_rate") return [Math.max(0, Math.floor(min / 10) * 10 - 10), 100];
          return [0, Math.max(metric === "revenue" ? 1 : 4, max * 1.08)];
        },
      },
    },
    axes: [
      {
        ...axis,
        grid: { show: false },
        space: look.fontPx * 6.5,
        size: look.fontPx + 13,
        values: (_plot, splits) =>
          splits.map((at) =>
            format.minute(at * 1_000) === "00:00" ? format.day(at * 1_000) : format.minute(at * 1_000),
          ),
      },
      {
        ...axis,
        grid: { stroke: palette.line, width: 1 },
        space: look.fontPx * 4,
        size: look.fontPx * 5,
        gap: 6,
        values: (_plot, splits) => splits.map(written),
      },
    ],
    // The last column only marks open windows.
    series: [{}, ...seriesOf(look), { show: false }],
    hooks: {
      drawClear: [(plot) => hatch(plot, look)],
      setCursor: [
        (plot) => look.onPoint(plot.cursor.left != null && plot.cursor.left >= 0 ? (plot.cursor.idx ?? null) : null),
      ],
      setScale: [(plot, key) => key === "x" && look.onZoom(isZoomed(plot))],
    },
  };
}
