import { ArrowDownRight, ArrowUpRight, Minus } from "lucide-react";
import { useTranslation } from "react-i18next";

import { cn } from "@/lib/cn";

import type { FigureView } from "./use-figure";

const TONE = { good: "text-good", bad: "text-bad", neutral: "text-ink-3" } as const;
const ICON = { up: ArrowUpRight, down: ArrowDownRight, same: Minus } as const;

/** The change from the previous period: direction as an arrow, quality as a colour and a word. */
export function ChangeChip({
  view,
  className,
}: {
  readonly view: Pick<FigureView, "change" | "changeText">;
  readonly className?: string;
}) {
  const { t } = useTranslation("dashboard");
  const { change, changeText } = view;
  if (change.kind === "none") return <span className={cn("text-xs text-ink-3", className)}>{changeText}</span>;
  const Icon = ICON[change.direction];
  return (
    <span
      className={cn(
        "inline-flex items-center gap-0.5 text-[0.8125rem] font-semibold whitespace-nowrap",
        TONE[change.tone],
        className,
      )}
    >
      <Icon className="size-[1.1em]" strokeWidth={2.4} aria-hidden />
      {changeText}
      {change.tone !== "neutral" && (
        <span className="sr-only">, {t(change.tone === "good" ? "change.better" : "change.worse")}</span>
      )}
    </span>
  );
}
