import { type FormEvent, useId, useState } from "react";
import { useTranslation } from "react-i18next";

import { Button } from "@/components/ui/button";
import { TextField } from "@/components/ui/text-field";

import { clip, type EventsSearch } from "../search";

type Ids = Pick<EventsSearch, "order" | "user">;

interface IdFilterProps {
  readonly search: Ids;
  readonly onIds: (ids: { readonly [K in keyof Ids]: Ids[K] | undefined }) => void;
}

/** Filters for one order and one user, by the complete id. */
export function IdFilter({ search, onIds }: IdFilterProps) {
  const { t } = useTranslation("events");
  const id = useId();
  const [order, setOrder] = useState(search.order ?? "");
  const [user, setUser] = useState(search.user ?? "");
  const submit = (event: FormEvent) => {
    event.preventDefault();
    onIds({ order: order || undefined, user: user || undefined });
  };
  const field = (name: "order" | "user", value: string, example: string, set: (value: string) => void) => (
    <label htmlFor={`${id}-${name}`} className="flex flex-col gap-1 text-xs text-ink-2">
      {t(`filter.${name}`)}
      <TextField
        id={`${id}-${name}`}
        value={value}
        placeholder={example}
        autoComplete="off"
        spellCheck={false}
        onChange={(event) => set(clip(event.target.value))}
        className="h-8 px-2 font-mono text-[0.8125rem]"
      />
    </label>
  );
  return (
    <form onSubmit={submit} className="flex flex-col gap-2 p-1">
      {field("order", order, "ORD123456", setOrder)}
      {field("user", user, "USR1234", setUser)}
      <Button type="submit" size="sm" variant="primary" className="self-end">
        {t("filter.apply")}
      </Button>
    </form>
  );
}
