/** Shown instead of a list or at its end. */
import { LoaderCircle } from "lucide-react";
import { useTranslation } from "react-i18next";

import { Button } from "@/components/ui/button";
import { Skeleton } from "@/components/ui/skeleton";
import { EmptyState } from "@/components/ui/states";
import { useFormat } from "@/lib/locale/use-format";

import type { More } from "./use-more";

export function ListSkeleton({ rowHeight }: { readonly rowHeight: number }) {
  const { t } = useTranslation("common");
  return (
    <div role="status" aria-label={t("state.loading")} className="min-h-0 flex-1 overflow-hidden">
      {Array.from({ length: 14 }, (_, index) => (
        <div key={index} className="flex items-center gap-6 border-b border-line/60 px-4" style={{ height: rowHeight }}>
          <Skeleton className="h-3.5 w-20 shrink-0" />
          <Skeleton className="h-3.5 w-36 shrink-0 max-md:hidden" />
          <Skeleton className="h-3.5 flex-1" />
          <Skeleton className="h-3.5 w-24 shrink-0" />
        </div>
      ))}
    </div>
  );
}

interface ListEmptyProps {
  readonly rejected: boolean;
  readonly filtered: boolean;
  /** The range has ended: no new events can arrive. */
  readonly past: boolean;
  readonly more: More;
  readonly onClear: () => void;
}

export function ListEmpty({ rejected, filtered, past, more, onClear }: ListEmptyProps) {
  const { t } = useTranslation("events");
  if (more.looking) return <Looking />;
  const clear = (
    <Button size="sm" onClick={onClear}>
      {t("filter.clearAll")}
    </Button>
  );
  if (more.lookOn) {
    return (
      <EmptyState
        title={t("list.lookedFar")}
        action={
          <span className="flex gap-2">
            <Button size="sm" variant="primary" onClick={more.lookOn}>
              {t("list.lookOn")}
            </Button>
            {clear}
          </span>
        }
      />
    );
  }
  if (!filtered) {
    return rejected ? (
      <EmptyState title={t("list.noRejectTitle")} text={t("list.noRejectText")} />
    ) : (
      <EmptyState title={t("list.emptyTitle")} text={t("list.emptyText")} />
    );
  }
  const title = rejected ? t("list.noRejectMatch") : t("list.noMatchTitle");
  return (
    <EmptyState title={title} text={past || rejected ? t("list.noMatchPast") : t("list.noMatchText")} action={clear} />
  );
}

function Looking() {
  const { t } = useTranslation("events");
  return (
    <span role="status" className="flex items-center justify-center gap-2 text-[0.8125rem] text-ink-2">
      <LoaderCircle aria-hidden className="size-4 animate-spin" />
      {t("list.looking")}
    </span>
  );
}

interface ListFooterProps {
  readonly rejected: boolean;
  readonly count: number;
  readonly hasMore: boolean;
  readonly failed: boolean;
  readonly onRetry: () => void;
  readonly more: More;
}

export function ListFooter({ rejected, count, hasMore, failed, onRetry, more }: ListFooterProps) {
  const { t } = useTranslation(["events", "common"]);
  const format = useFormat();
  if (failed) {
    return (
      <span role="alert" className="flex items-center gap-3 text-bad">
        {t("list.moreFailed")}
        <Button size="sm" onClick={onRetry}>
          {t("common:action.retry")}
        </Button>
      </span>
    );
  }
  if (more.looking) return <Looking />;
  if (more.lookOn) {
    return (
      <span className="flex items-center gap-3">
        {t("list.lookedFar")}
        <Button size="sm" onClick={more.lookOn}>
          {t("list.lookOn")}
        </Button>
      </span>
    );
  }
  if (hasMore) {
    return (
      <span className="flex items-center gap-2">
        <LoaderCircle aria-hidden className="size-4 animate-spin" />
        {t("list.more")}
      </span>
    );
  }
  return t(rejected ? "list.endRejected" : "list.endCount", { count, n: format.count(count) });
}
