import { type HTMLAttributes, type ReactNode, useId } from "react";

import { cn } from "@/lib/cn";

/** A card with one subject. With a title it is a region for screen readers. */
export function Card({ className, ...rest }: HTMLAttributes<HTMLElement>) {
  return (
    <section className={cn("min-w-0 rounded-xl border border-line bg-surface shadow-card", className)} {...rest} />
  );
}

interface TitledCardProps {
  readonly title: ReactNode;
  /** A subtle line after the title: range, currency. */
  readonly note?: ReactNode;
  readonly actions?: ReactNode;
  readonly bodyClassName?: string;
  readonly children: ReactNode;
}

export function TitledCard({ title, note, actions, bodyClassName, children }: TitledCardProps) {
  const id = useId();
  return (
    <Card aria-labelledby={id} className="flex flex-col">
      <header className="flex min-h-13 flex-wrap items-center gap-x-3 gap-y-1.5 px-4 pt-3 pb-2">
        <div className="flex min-w-min flex-1 flex-wrap items-baseline gap-x-2">
          <h2 id={id} className="text-sm font-semibold tracking-tight whitespace-nowrap text-ink">
            {title}
          </h2>
          {note !== undefined && <span className="text-xs text-ink-3">{note}</span>}
        </div>
        {actions}
      </header>
      <div className={cn("min-h-0 flex-1 px-4 pb-4", bodyClassName)}>{children}</div>
    </Card>
  );
}
