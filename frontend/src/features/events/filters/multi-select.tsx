import { Check, ChevronDown } from "lucide-react";
import { Popover } from "radix-ui";
import { type ReactNode, useId } from "react";
import { useTranslation } from "react-i18next";

import { cn } from "@/lib/cn";

export interface Choice {
  readonly value: string;
  readonly label: ReactNode;
  readonly hint?: ReactNode;
}

interface ChoicesProps {
  readonly label: string;
  readonly choices: readonly Choice[];
  readonly chosen: readonly string[];
  readonly onChosen: (chosen: readonly string[]) => void;
}

/** Any number of a few, as a list of checkboxes. */
export function Choices({ label, choices, chosen, onChosen }: ChoicesProps) {
  const id = useId();
  const toggle = (value: string, on: boolean) =>
    onChosen(on ? [...chosen, value] : chosen.filter((one) => one !== value));
  return (
    <div role="group" aria-label={label} className="flex flex-col">
      {choices.map(({ value, label: text, hint }) => {
        const on = chosen.includes(value);
        return (
          <label
            key={value}
            htmlFor={`${id}-${value}`}
            className="flex cursor-pointer items-start gap-2.5 rounded-lg px-2 py-1.5 hover:bg-sunken has-focus-visible:outline-2 has-focus-visible:outline-accent"
          >
            <span className="relative mt-0.5 flex size-4 shrink-0">
              <input
                id={`${id}-${value}`}
                type="checkbox"
                checked={on}
                onChange={(event) => toggle(value, event.target.checked)}
                className="size-4 cursor-pointer appearance-none rounded border border-line-strong bg-surface checked:border-accent checked:bg-accent focus-visible:outline-none"
              />
              <Check
                aria-hidden
                className={cn("pointer-events-none absolute inset-0.5 size-3 text-accent-ink", !on && "hidden")}
                strokeWidth={3}
              />
            </span>
            <span className="min-w-0 text-[0.8125rem]">
              {text}
              {hint !== undefined && <span className="block text-xs text-ink-3">{hint}</span>}
            </span>
          </label>
        );
      })}
    </div>
  );
}

export interface Filter {
  readonly label: string;
  /** The number of selected values, or the only one's text. */
  readonly value: string | null;
  readonly content: ReactNode;
  /** Of what its button opens. */
  readonly className?: string;
  /** Drop its values. */
  readonly onClear?: () => void;
}

/** A button that opens a filter beneath itself. */
export function FilterButton({ label, value, content, className, onClear }: Filter) {
  const { t } = useTranslation("events");
  return (
    <Popover.Root>
      <Popover.Trigger
        className={cn(
          "inline-flex h-8 shrink-0 items-center gap-1.5 rounded-lg border bg-surface px-2.5 text-[0.8125rem] font-medium shadow-card transition-colors hover:bg-sunken",
          value === null ? "border-line text-ink-2" : "border-accent/50 text-accent",
        )}
      >
        {label}
        {value !== null && <span className="font-semibold">{value}</span>}
        <ChevronDown aria-hidden className="size-3.5 opacity-70" />
      </Popover.Trigger>
      <Popover.Portal>
        <Popover.Content
          align="start"
          sideOffset={6}
          collisionPadding={12}
          aria-label={label}
          className={cn("z-40 w-64 rounded-xl border border-line bg-raised p-2 shadow-raised", className)}
        >
          {content}
          {onClear && value !== null && (
            <button
              type="button"
              onClick={onClear}
              className="mt-1 w-full rounded-lg border-t border-line px-2 py-1.5 text-left text-[0.8125rem] text-ink-2 hover:bg-sunken hover:text-ink"
            >
              {t("filter.clearOne")}
            </button>
          )}
        </Popover.Content>
      </Popover.Portal>
    </Popover.Root>
  );
}
