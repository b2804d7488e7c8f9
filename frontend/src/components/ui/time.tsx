import type { TimeHTMLAttributes } from "react";

import { useFormat } from "@/lib/locale/use-format";

interface TimeProps extends TimeHTMLAttributes<HTMLTimeElement> {
  /** ISO 8601, with any number of decimals: HTML allows no more than three. */
  readonly at: string;
}

/** A machine-readable time, with its date as a tooltip. */
export function Time({ at, children, ...rest }: TimeProps) {
  const format = useFormat();
  return (
    <time dateTime={new Date(at).toISOString()} title={format.dateTime(at)} {...rest}>
      {children}
    </time>
  );
}
