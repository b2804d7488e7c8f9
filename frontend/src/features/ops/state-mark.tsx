import { CircleAlert, CircleCheck, CircleHelp, CircleStop, CircleX, LoaderCircle, type LucideIcon } from "lucide-react";
import { useTranslation } from "react-i18next";

import { cn } from "@/lib/cn";
import type { ComponentState } from "@/lib/types";

const LOOK: Readonly<Record<ComponentState, { readonly icon: LucideIcon; readonly text: string; readonly soft: string }>> = {
  ok: { icon: CircleCheck, text: "text-good", soft: "bg-good-soft" },
  starting: { icon: LoaderCircle, text: "text-accent", soft: "bg-accent-soft" },
  warning: { icon: CircleAlert, text: "text-warn", soft: "bg-warn-soft" },
  error: { icon: CircleX, text: "text-bad", soft: "bg-bad-soft" },
  stopped: { icon: CircleStop, text: "text-ink-2", soft: "bg-sunken" },
  unknown: { icon: CircleHelp, text: "text-ink-2", soft: "bg-sunken" },
};

/** A state as an icon and a word. */
export function StateMark({ state, className }: { readonly state: ComponentState; readonly className?: string }) {
  const { t } = useTranslation("ops");
  const { icon: Icon, text, soft } = LOOK[state];
  return (
    <span
      data-state-name={state}
      className={cn("inline-flex h-6.5 items-center gap-1.5 rounded-full pr-2.5 pl-1.5 text-xs font-semibold whitespace-nowrap", text, soft, className)}
    >
      <Icon aria-hidden className={cn("size-4 shrink-0", state === "starting" && "animate-spin")} strokeWidth={2} />
      {t(`state.${state}`)}
    </span>
  );
}
