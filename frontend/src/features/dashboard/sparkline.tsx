import { memo } from "react";

import { cn } from "@/lib/cn";

const WIDTH = 100;
const HEIGHT = 28;
const PAD = 2;

/** The path through `points`, broken where there is none; from the least value (or zero) to the greatest. */
export function sparkPath(points: readonly (number | null)[]): string {
  const known = points.filter((point): point is number => point !== null);
  if (known.length < 2) return "";
  const least = Math.min(...known);
  const span = Math.max(...known) - least || 1;
  const step = WIDTH / (points.length - 1);
  let path = "";
  let pen = "M";
  points.forEach((point, index) => {
    if (point === null) {
      pen = "M";
      return;
    }
    const y = HEIGHT - PAD - ((point - least) / span) * (HEIGHT - 2 * PAD);
    path += `${pen}${(index * step).toFixed(1)} ${y.toFixed(1)}`;
    pen = "L";
  });
  return path;
}

/** The shape of a figure over the range. Only a hint for the eye: the numbers are in the chart's table. */
export const Sparkline = memo(function Sparkline({ points, className }: { readonly points: readonly (number | null)[]; readonly className?: string }) {
  const path = sparkPath(points);
  return (
    <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="none" aria-hidden className={cn("h-7 w-full", className)}>
      {path && !path.slice(1).includes("M") && <path d={`${path}L${WIDTH} ${HEIGHT}L0 ${HEIGHT}Z`} className="fill-current opacity-[0.08]" />}
      {path && <path d={path} fill="none" stroke="currentColor" strokeWidth="1.5" strokeLinejoin="round" vectorEffect="non-scaling-stroke" />}
    </svg>
  );
});
