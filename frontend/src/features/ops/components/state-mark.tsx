import { CircleAlert, CircleCheck, CircleHelp, CircleStop, CircleX, LoaderCircle } from "lucide-react";
import { useTranslation } from "react-i18next";

import type { Look } from "@/components/look";
import { SOFT_TONE } from "@/components/ui/badge";
import { cn } from "@/lib/cn";
import type { ComponentState } from "@/lib/types";

const LOOK: Readonly<Record<ComponentState, Look>> = {
  ok: { icon: CircleCheck, tone: "good" },
  starting: { icon: LoaderCircle, tone: "accent" },
  warning: { icon: CircleAlert, tone: "warn" },
  error: { icon: CircleX, tone: "bad" },
  stopped: { icon: CircleStop, tone: "neutral" },
  unknown: { icon: CircleHelp, tone: "neutral" },
};

/** A state as an icon and a word. */
export function StateMark({ state, className }: { readonly state: ComponentState; readonly className?: string }) {
  const { t } = useTranslation("ops");
  const { icon: Icon, tone } = LOOK[state];
  return (
    <span
      data-state-name={state}
      className={cn(
        "inline-flex h-6.5 items-center gap-1.5 rounded-full pr-2.5 pl-1.5 text-xs font-semibold whitespace-nowrap",
        SOFT_TONE[tone],
        className,
      )}
    >
      <Icon aria-hidden className={cn("size-4 shrink-0", state === "starting" && "animate-spin")} strokeWidth={2} />
      {t(`state.${state}`)}
    </span>
  );
}
