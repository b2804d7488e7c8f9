import type { HTMLAttributes } from "react";

import { cn } from "@/lib/cn";

/** A word of a tone on its soft plane. */
export const SOFT_TONE = {
  neutral: "bg-sunken text-ink-2",
  accent: "bg-accent-soft text-accent",
  good: "bg-good-soft text-good",
  bad: "bg-bad-soft text-bad",
  warn: "bg-warn-soft text-warn",
} as const;

export type Tone = keyof typeof SOFT_TONE;

export interface BadgeProps extends HTMLAttributes<HTMLSpanElement> {
  readonly tone?: Tone;
}

export function Badge({ tone = "neutral", className, ...rest }: BadgeProps) {
  return (
    <span
      className={cn(
        "inline-flex items-center gap-1 rounded-md px-1.5 py-0.5 text-xs font-medium whitespace-nowrap",
        SOFT_TONE[tone],
        className,
      )}
      {...rest}
    />
  );
}
