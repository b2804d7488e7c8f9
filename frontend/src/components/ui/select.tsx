import { ChevronDown } from "lucide-react";
import type { SelectHTMLAttributes } from "react";

import { cn } from "@/lib/cn";

export interface SelectProps extends Omit<SelectHTMLAttributes<HTMLSelectElement>, "onChange"> {
  readonly options: readonly { readonly value: string; readonly label: string }[];
  readonly onValue: (value: string) => void;
}

/** The browser's native `<select>`, which phones and screen readers support, in the page's style. */
export function Select({ options, onValue, className, ...rest }: SelectProps) {
  return (
    <span className={cn("relative inline-flex min-w-0", className)}>
      <select
        className="h-8 w-full appearance-none truncate rounded-lg border border-line bg-surface pr-7 pl-2.5 text-[0.8125rem] font-medium text-ink shadow-card transition-colors hover:bg-sunken"
        onChange={(event) => onValue(event.target.value)}
        {...rest}
      >
        {options.map((option) => (
          <option key={option.value} value={option.value}>
            {option.label}
          </option>
        ))}
      </select>
      <ChevronDown
        aria-hidden
        className="pointer-events-none absolute top-1/2 right-2 size-3.5 -translate-y-1/2 text-ink-3"
      />
    </span>
  );
}
