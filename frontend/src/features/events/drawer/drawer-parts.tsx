/** Parts shared by the drawers. */
import { ChevronDown, ChevronUp } from "lucide-react";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";

import { Button } from "@/components/ui/button";
import { Skeleton } from "@/components/ui/skeleton";

export interface Neighbours {
  readonly onPrevious: (() => void) | null;
  readonly onNext: (() => void) | null;
}

/** Steps through the rows of the list while the drawer stays open. */
export function Walk({ onPrevious, onNext }: Neighbours) {
  const { t } = useTranslation("events");
  const step = (label: string, icon: ReactNode, go: (() => void) | null) => (
    <Button
      variant="ghost"
      size="icon"
      className="size-7"
      aria-label={label}
      title={label}
      disabled={go === null}
      onClick={() => go?.()}
    >
      {icon}
    </Button>
  );
  return (
    <span className="flex">
      {step(t("drawer.previous"), <ChevronUp aria-hidden className="size-4" />, onPrevious)}
      {step(t("drawer.next"), <ChevronDown aria-hidden className="size-4" />, onNext)}
    </span>
  );
}

export function DrawerSkeleton() {
  const { t } = useTranslation("common");
  return (
    <div role="status" aria-label={t("state.loading")} className="flex flex-col gap-4 pt-1">
      <Skeleton className="h-16 rounded-xl" />
      {[0, 1, 2].map((line) => (
        <Skeleton key={line} className="h-11" />
      ))}
      <Skeleton className="h-48" />
    </div>
  );
}
