/** An order's journey, step by step, with the time between the steps. */
import { Hourglass } from "lucide-react";
import { useTranslation } from "react-i18next";

import { cn } from "@/lib/cn";
import { useFormat } from "@/lib/locale/use-format";

import { awaited, type Journey, type Step } from "./journey";
import { TypeDot } from "../marks";

interface TimelineProps {
  readonly journey: Journey;
  readonly currentId: string;
  readonly onEvent: (id: string) => void;
}

export function Timeline({ journey, currentId, onEvent }: TimelineProps) {
  const { t } = useTranslation(["events", "common"]);
  const next = awaited(journey);
  return (
    <ol aria-label={t("drawer.journey")}>
      {journey.steps.map((step, index) => (
        <TimelineStep
          key={step.event.id}
          step={step}
          current={step.event.id === currentId}
          last={index === journey.steps.length - 1 && next === null}
          onEvent={onEvent}
        />
      ))}
      {next !== null && (
        <li className="flex items-center gap-3 pt-1 pl-2 text-[0.8125rem] text-ink-3">
          <span className="flex size-7 shrink-0 items-center justify-center rounded-full border border-dashed border-line-strong">
            <Hourglass aria-hidden className="size-3.5" />
          </span>
          {t(`awaited.${next}`)}
        </li>
      )}
    </ol>
  );
}

interface StepProps {
  readonly step: Step;
  readonly current: boolean;
  readonly last: boolean;
  readonly onEvent: (id: string) => void;
}

function TimelineStep({ step, current, last, onEvent }: StepProps) {
  const { t } = useTranslation(["events", "common"]);
  const format = useFormat();
  const { event, afterS, amountChanged } = step;
  return (
    <li className="relative">
      {!last && <span aria-hidden className="absolute top-9 bottom-0 left-[1.3125rem] w-px bg-line-strong" />}
      <button
        type="button"
        aria-current={current ? "step" : undefined}
        onClick={() => onEvent(event.id)}
        className={cn(
          "flex w-full items-start gap-3 rounded-lg p-2 text-left hover:bg-sunken",
          current && "bg-sunken shadow-[inset_0_0_0_1px_var(--line-strong)]",
        )}
      >
        <TypeDot type={event.event_type} />
        <span className="min-w-0 flex-1 pt-1">
          <span className="flex items-baseline justify-between gap-3">
            <span className="font-medium">{t(`common:event.${event.event_type}`)}</span>
            <span className="shrink-0 font-medium">{format.money(event.amount, event.currency)}</span>
          </span>
          <span className="flex flex-wrap items-baseline gap-x-2 text-xs text-ink-3">
            <span>{format.time(event.event_time)}</span>
            {afterS !== null && (
              <span className="text-ink-2">{t("drawer.after", { lag: format.duration(afterS) })}</span>
            )}
            {amountChanged && <span className="text-warn">{t("drawer.amountChanged")}</span>}
            {current && <span className="text-accent">{t("drawer.this")}</span>}
          </span>
        </span>
      </button>
    </li>
  );
}
