import { type ReactNode, useId } from "react";

interface SectionProps {
  readonly title: string;
  readonly note?: ReactNode;
  readonly children: ReactNode;
}

/** A part of an open source. */
export function Section({ title, note, children }: SectionProps) {
  const id = useId();
  return (
    <section aria-labelledby={id} className="min-w-0">
      <div className="mb-2 flex flex-wrap items-baseline gap-x-2">
        <h4 id={id} className="text-[0.8125rem] font-semibold text-ink">
          {title}
        </h4>
        {note !== undefined && <span className="text-xs text-ink-3">{note}</span>}
      </div>
      {children}
    </section>
  );
}
