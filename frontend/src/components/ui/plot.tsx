/** uPlot in React: created once for its options, updated with `setData`, as wide as its container. */
import "uplot/dist/uPlot.min.css";

import { useEffect, useLayoutEffect, useMemo, useRef } from "react";
import UPlot from "uplot";

import { cn } from "@/lib/cn";
import { useDark } from "@/lib/theme";

export type PlotOptions = Omit<UPlot.Options, "width" | "height">;
export type PlotData = UPlot.AlignedData;

const TOKENS = [
  "ink",
  "ink-2",
  "ink-3",
  "line",
  "surface",
  "sunken",
  "accent",
  "good-fill",
  "bad-fill",
  "warn-fill",
] as const;
export type Palette = Readonly<Record<(typeof TOKENS)[number], string>>;

/** The theme's colours for drawing on a canvas; a new object when the theme changes. */
export function usePalette(): Palette {
  const dark = useDark();
  return useMemo(() => {
    const style = getComputedStyle(document.documentElement);
    const fallback = dark ? "white" : "black";
    return Object.fromEntries(
      TOKENS.map((name) => [name, style.getPropertyValue(`--${name}`).trim() || fallback]),
    ) as Palette;
  }, [dark]);
}

/** A colour of the palette, partly transparent. */
export function faded(colour: string, percent: number): string {
  return `color-mix(in oklch, ${colour} ${percent}%, transparent)`;
}

interface PlotProps {
  /** Pass the same object as long as the plot should stay. */
  readonly options: PlotOptions;
  readonly data: PlotData;
  /** CSS pixels. */
  readonly height: number;
  readonly label: string;
  readonly className?: string;
  /** Called with the plot, and with null when it is removed. */
  readonly onPlot?: (plot: UPlot | null) => void;
}

/** Whether the user has zoomed in: the x scale shows only part of the data. */
export function isZoomed(plot: UPlot): boolean {
  const [x] = plot.data;
  const { min, max } = plot.scales["x"] ?? {};
  if (min == null || max == null) return false;
  return max - min < ((x.at(-1) ?? 0) - (x[0] ?? 0)) * 0.999;
}

export function Plot({ options, data, height, label, className, onPlot }: PlotProps) {
  const place = useRef<HTMLDivElement>(null);
  const plot = useRef<UPlot | null>(null);
  const latest = useRef({ data, height, onPlot });
  useLayoutEffect(() => {
    latest.current = { data, height, onPlot };
  });

  useEffect(() => {
    const element = place.current;
    if (!element) return undefined;
    const made = new UPlot(
      { ...options, width: element.clientWidth || 300, height: latest.current.height },
      latest.current.data,
      element,
    );
    plot.current = made;
    latest.current.onPlot?.(made);
    const observer = new ResizeObserver(([entry]) => {
      const width = Math.floor(entry?.contentRect.width ?? 0);
      if (width > 0 && width !== made.width) made.setSize({ width, height: made.height });
    });
    observer.observe(element);
    return () => {
      observer.disconnect();
      made.destroy();
      plot.current = null;
      latest.current.onPlot?.(null);
    };
  }, [options]);

  useEffect(() => {
    const made = plot.current;
    if (!made || made.data === data) return;
    const zoomed = isZoomed(made);
    made.setData(data, !zoomed);
    // Without a reset of the scales, uPlot does not redraw by itself.
    if (zoomed) made.redraw();
  }, [data]);

  useEffect(() => {
    const made = plot.current;
    if (made && made.height !== height) made.setSize({ width: made.width, height });
  }, [height]);

  return (
    <div
      ref={place}
      role="img"
      aria-label={label}
      style={{ height }}
      className={cn("w-full overflow-hidden", className)}
    />
  );
}
