import { forwardRef, type InputHTMLAttributes } from "react";

import { cn } from "@/lib/cn";

export const TextField = forwardRef<HTMLInputElement, InputHTMLAttributes<HTMLInputElement>>(function TextField(
  { className, ...rest },
  ref,
) {
  return (
    <input
      ref={ref}
      className={cn(
        "h-9 w-full rounded-lg border border-line bg-surface px-3 text-sm text-ink shadow-card placeholder:text-ink-3",
        "aria-invalid:border-bad",
        className,
      )}
      {...rest}
    />
  );
});
