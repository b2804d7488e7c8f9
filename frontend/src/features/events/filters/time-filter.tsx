import { type FormEvent, useId, useState } from "react";
import { useTranslation } from "react-i18next";

import { Button } from "@/components/ui/button";
import { TextField } from "@/components/ui/text-field";
import { cn } from "@/lib/cn";
import { useTimeZone } from "@/lib/preferences";

import type { EventsSearch } from "../search";
import { SPANS } from "../terms";
import { fromWall, toWall } from "./wall-time";

type TimeSearch = Pick<EventsSearch, "span" | "from" | "to">;

interface TimeFilterProps {
  readonly search: TimeSearch;
  readonly onTime: (time: { readonly [K in keyof TimeSearch]: TimeSearch[K] | undefined }) => void;
}

/** A span that ends now, or two times in the user's time zone. */
export function TimeFilter({ search, onTime }: TimeFilterProps) {
  const { t } = useTranslation(["events", "common"]);
  const timeZone = useTimeZone();
  const id = useId();
  const { span, from, to } = search;
  const any = span === undefined && from === undefined && to === undefined;
  const none = { span: undefined, from: undefined, to: undefined };
  const option = (label: string, on: boolean, choose: () => void) => (
    <button
      key={label}
      type="button"
      aria-pressed={on}
      onClick={choose}
      className={cn(
        "rounded-lg px-2.5 py-1.5 text-left text-[0.8125rem] first-letter:uppercase hover:bg-sunken",
        on && "bg-accent-soft font-medium text-accent",
      )}
    >
      {label}
    </button>
  );
  return (
    <div>
      <div className="grid grid-cols-2 gap-1">
        {option(t("filter.any"), any, () => onTime(none))}
        {SPANS.map((one) => option(t(`common:range.long.${one}`), span === one, () => onTime({ ...none, span: one })))}
      </div>
      <Between
        // Other times from outside reset the form.
        key={`${from ?? ""}|${to ?? ""}|${timeZone}`}
        id={id}
        from={toWall(from, timeZone)}
        to={toWall(to, timeZone)}
        timeZone={timeZone}
        onBetween={(between) => onTime({ span: undefined, ...between })}
      />
    </div>
  );
}

interface BetweenProps {
  readonly id: string;
  readonly from: string;
  readonly to: string;
  readonly timeZone: string;
  readonly onBetween: (between: { readonly from: string | undefined; readonly to: string | undefined }) => void;
}

function Between({ id, from, to, timeZone, onBetween }: BetweenProps) {
  const { t } = useTranslation("events");
  const [wallFrom, setFrom] = useState(from);
  const [wallTo, setTo] = useState(to);
  const next = { from: fromWall(wallFrom, timeZone), to: fromWall(wallTo, timeZone) };
  const wrong = next.from !== undefined && next.to !== undefined && next.to <= next.from;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (!wrong) onBetween(next);
  };
  const field = (name: "from" | "to", value: string, set: (value: string) => void) => (
    <label htmlFor={`${id}-${name}`} className="flex flex-col gap-1 text-xs text-ink-2">
      {t(`filter.${name}`)}
      <TextField
        id={`${id}-${name}`}
        type="datetime-local"
        step={1}
        value={value}
        onChange={(event) => set(event.target.value)}
        aria-invalid={wrong && name === "to"}
        aria-describedby={`${id}-note`}
        className="h-8 px-2 text-[0.8125rem]"
      />
    </label>
  );
  return (
    <form onSubmit={submit} className="mt-2 flex flex-col gap-2 border-t border-line px-1 pt-2.5">
      {field("from", wallFrom, setFrom)}
      {field("to", wallTo, setTo)}
      <div className="flex items-center justify-between gap-3">
        <p
          id={`${id}-note`}
          role={wrong ? "alert" : undefined}
          className={cn("text-xs", wrong ? "text-bad" : "text-ink-3")}
        >
          {wrong ? t("filter.badRange") : t("filter.zone", { zone: timeZone })}
        </p>
        <Button type="submit" size="sm" variant="primary" disabled={wrong}>
          {t("filter.apply")}
        </Button>
      </div>
    </form>
  );
}
