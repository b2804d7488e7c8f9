import { Slot } from "radix-ui";
import { type ButtonHTMLAttributes, forwardRef } from "react";

import { cn } from "@/lib/cn";

const VARIANT = {
  primary: "bg-accent text-accent-ink hover:bg-accent/90 shadow-card",
  outline: "border border-line bg-surface text-ink hover:bg-sunken shadow-card",
  ghost: "text-ink-2 hover:bg-sunken hover:text-ink",
  danger: "border border-bad/40 bg-surface text-bad hover:bg-bad-soft",
} as const;

const SIZE = {
  sm: "h-8 gap-1.5 px-2.5 text-[0.8125rem]",
  md: "h-9 gap-2 px-3.5 text-sm",
  icon: "size-9",
} as const;

export interface ButtonProps extends ButtonHTMLAttributes<HTMLButtonElement> {
  readonly variant?: keyof typeof VARIANT;
  readonly size?: keyof typeof SIZE;
  /** Render the single child, such as a link, in the style of a button. */
  readonly asChild?: boolean;
}

export const Button = forwardRef<HTMLButtonElement, ButtonProps>(function Button(
  { variant = "outline", size = "md", asChild = false, className, type = "button", ...rest },
  ref,
) {
  const classes = cn(
    "inline-flex shrink-0 items-center justify-center rounded-lg font-medium whitespace-nowrap transition-colors",
    "disabled:pointer-events-none disabled:opacity-50",
    VARIANT[variant],
    SIZE[size],
    className,
  );
  if (asChild) return <Slot.Root ref={ref} className={classes} {...rest} />;
  return <button ref={ref} type={type} className={classes} {...rest} />;
});
