import type { ReactNode } from "react";

/** Names and values under each other. */
export function DetailList({ children }: { readonly children: ReactNode }) {
  return <dl className="divide-y divide-line/70 text-[0.8125rem]">{children}</dl>;
}

interface DetailProps {
  readonly name: string;
  readonly children: ReactNode;
  readonly actions?: ReactNode;
}

export function Detail({ name, children, actions }: DetailProps) {
  return (
    <div className="flex min-h-9 items-center gap-3 py-1">
      <dt className="w-28 shrink-0 text-ink-3">{name}</dt>
      <dd className="flex min-w-0 flex-1 items-center justify-between gap-2">
        <span className="min-w-0 break-words">{children}</span>
        {actions !== undefined && <span className="flex shrink-0 items-center">{actions}</span>}
      </dd>
    </div>
  );
}
