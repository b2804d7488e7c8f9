import { X } from "lucide-react";
import { useTranslation } from "react-i18next";

import { Button } from "@/components/ui/button";
import { useFormat } from "@/lib/locale/use-format";

import { chipsOf } from "./chips";
import { cleared, type EventsSearch } from "../search";

interface FilterChipsProps {
  readonly search: EventsSearch;
  readonly onSearch: (next: EventsSearch) => void;
}

/** The active filters, each removable, and a button to clear all. */
export function FilterChips({ search, onSearch }: FilterChipsProps) {
  const { t } = useTranslation(["events", "common"]);
  const format = useFormat();
  const chips = chipsOf(search, t, format);
  if (chips.length === 0) return null;
  return (
    <div className="flex flex-wrap items-center gap-1.5">
      <ul aria-label={t("filter.chips")} className="flex flex-wrap items-center gap-1.5">
        {chips.map(({ key, name, text, without }) => (
          <li key={key} className="inline-flex h-7 items-center rounded-full bg-accent-soft pl-2.5 text-xs text-ink">
            <span className="text-ink-2">{name}</span>
            <span className="ml-1 max-w-48 truncate font-medium">{text}</span>
            <button
              type="button"
              aria-label={t("filter.remove", { name: `${name} ${text}` })}
              onClick={() => onSearch(without)}
              className="ml-0.5 flex size-7 items-center justify-center rounded-full text-ink-2 hover:text-ink"
            >
              <X aria-hidden className="size-3.5" />
            </button>
          </li>
        ))}
      </ul>
      <Button size="sm" variant="ghost" className="h-7" onClick={() => onSearch(cleared(search))}>
        {t("filter.clearAll")}
      </Button>
    </div>
  );
}
