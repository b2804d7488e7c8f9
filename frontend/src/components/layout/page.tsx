import type { ReactNode } from "react";

import { cn } from "@/lib/cn";
import { usePageTitle } from "@/lib/page/use-page-title";

interface PageProps {
  readonly title: string;
  /** The browser's title for the page, if it differs from the heading. */
  readonly name?: string;
  /** The scope of the page's numbers: range, zone. */
  readonly note?: ReactNode;
  /** Controls of the whole page, at the right of its title. */
  readonly actions?: ReactNode;
  readonly children: ReactNode;
  readonly className?: string;
}

/** The frame of each page: a title, its controls, its content. */
export function Page({ title, name = title, note, actions, children, className }: PageProps) {
  usePageTitle(name);
  return (
    <div
      className={cn(
        "mx-auto flex w-full max-w-[110rem] flex-col gap-4 px-4 pt-4 pb-8 sm:px-6 lg:pt-5 print:px-0",
        className,
      )}
    >
      <header className="flex flex-wrap items-center gap-x-4 gap-y-2.5">
        <div className="min-w-0 flex-1 basis-48">
          <h1 className="text-xl leading-7 font-semibold tracking-tight">{title}</h1>
          {note !== undefined && <p className="min-h-5 text-[0.8125rem] text-ink-3 max-sm:min-h-[2.4rem]">{note}</p>}
        </div>
        {actions !== undefined && <div className="flex flex-wrap items-center gap-2 print:hidden">{actions}</div>}
      </header>
      {children}
    </div>
  );
}
