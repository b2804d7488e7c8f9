import { memo } from "react";

import { cn } from "@/lib/cn";

const WIDTH = 100;
const HEIGHT = 28;
const PAD = 2;

interface SparkPaths {
  readonly line: string;
  /** The line's segments, each closed along the bottom. */
  readonly area: string;
}

/** Paths through `points`, interrupted at gaps; scaled from the smallest value at the bottom to the largest. */
export function sparkPaths(points: readonly (number | null)[]): SparkPaths {
  const known = points.filter((point): point is number => point !== null);
  if (known.length < 2) return { line: "", area: "" };
  const least = Math.min(...known);
  const span = Math.max(...known) - least || 1;
  const step = WIDTH / (points.length - 1);
  const pieces: string[][] = [[]];
  points.forEach((point, index) => {
    if (point === null) {
      pieces.push([]);
      return;
    }
    const y = HEIGHT - PAD - ((point - least) / span) * (HEIGHT - 2 * PAD);
    pieces.at(-1)?.push(`${(index * step).toFixed(1)} ${y.toFixed(1)}`);
  });
  const drawn = pieces.filter((piece) => piece.length > 1);
  const foot = (at: string | undefined) => `${at?.split(" ")[0] ?? "0"} ${HEIGHT}`;
  return {
    line: drawn.map((piece) => `M${piece.join("L")}`).join(""),
    area: drawn.map((piece) => `M${foot(piece[0])}L${piece.join("L")}L${foot(piece.at(-1))}Z`).join(""),
  };
}

/** The trend of a figure over the range. Decorative: the numbers are in the chart's table. */
export const Sparkline = memo(function Sparkline({
  points,
  className,
}: {
  readonly points: readonly (number | null)[];
  readonly className?: string;
}) {
  const { line, area } = sparkPaths(points);
  return (
    <svg
      viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
      preserveAspectRatio="none"
      aria-hidden
      className={cn("h-7 w-full", className)}
    >
      {area && <path d={area} className="fill-current opacity-[0.08]" />}
      {line && (
        <path
          d={line}
          fill="none"
          stroke="currentColor"
          strokeWidth="1.5"
          strokeLinejoin="round"
          vectorEffect="non-scaling-stroke"
        />
      )}
    </svg>
  );
});
