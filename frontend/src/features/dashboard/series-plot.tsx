import { RotateCcw } from "lucide-react";
import { useMemo, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import type UPlot from "uplot";

import { Button } from "@/components/ui/button";
import { Plot, usePalette } from "@/components/ui/plot";
import { useTimeZone } from "@/lib/preferences";
import type { TimeSeries } from "@/lib/types";
import { useFormat } from "@/lib/locale/use-format";

import { plotData } from "./series-data";
import { seriesOptions } from "./series-options";
import type { SeriesMetric } from "./use-view";

/** Maximum windows drawn as bars. */
const MOST_BARS = 90;

interface SeriesPlotProps {
  readonly series: TimeSeries;
  readonly metric: SeriesMetric;
  readonly currency: string;
  readonly height: number;
  readonly onPoint: (index: number | null) => void;
  readonly fontPx?: number;
}

/** The chart. The plot is recreated only if its look changes; new numbers only replace its data. */
export function SeriesPlot({ series, metric, currency, height, onPoint, fontPx = 11 }: SeriesPlotProps) {
  const { t } = useTranslation("dashboard");
  const format = useFormat();
  const palette = usePalette();
  const timeZone = useTimeZone();
  const [zoomed, setZoomed] = useState(false);
  const plot = useRef<UPlot | null>(null);
  const bars = series.starts.length <= MOST_BARS && (metric === "revenue" || metric === "orders");
  const stepS = series.step_s;
  // Rounded, so that one more minute does not change the look.
  const windows = Math.ceil(series.starts.length / 120) * 120;

  const options = useMemo(
    () =>
      seriesOptions({
        metric,
        currency,
        bars,
        timeZone,
        palette,
        format,
        stepS,
        windows,
        fontPx,
        onPoint,
        onZoom: setZoomed,
      }),
    [metric, currency, bars, timeZone, palette, format, stepS, windows, fontPx, onPoint],
  );
  const data = useMemo(() => plotData(series, metric, currency, !bars), [series, metric, currency, bars]);
  const first = series.starts[0] ?? 0;
  const last = (series.starts.at(-1) ?? 0) + stepS;

  const reset = () => {
    const made = plot.current;
    if (made) made.setData(made.data, true);
  };

  return (
    <div className="relative" style={{ height }}>
      <Plot
        options={options}
        data={data}
        height={height}
        label={t("series.label", {
          metric: t(`series.metrics.${metric}`),
          from: format.minute(first * 1_000),
          to: format.minute(last * 1_000),
        })}
        onPlot={(made) => {
          plot.current = made;
        }}
      />
      {zoomed && (
        <Button size="sm" className="absolute top-2 right-2" onClick={reset}>
          <RotateCcw className="size-3.5" aria-hidden />
          {t("series.resetZoom")}
        </Button>
      )}
    </div>
  );
}
