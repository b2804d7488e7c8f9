/** The active filters, each with a name, a text and the search without it. */
import type { TFunction } from "i18next";

import type { Format } from "@/lib/locale/format";

import { change, type EventsSearch } from "../search";

export interface Chip {
  readonly key: string;
  readonly name: string;
  readonly text: string;
  /** The search without it. */
  readonly without: EventsSearch;
}

/** Leading and trailing spaces are part of an id and must be visible. */
const withBlanks = (id: string) => id.replace(/^\s+|\s+$/g, (blanks) => "␣".repeat(blanks.length));

type T = TFunction<["events", "common"]>;

export function chipsOf(search: EventsSearch, t: T, format: Format): readonly Chip[] {
  const chips: Chip[] = [];
  const add = (key: string, name: string, text: string, next: Parameters<typeof change>[1]) =>
    chips.push({ key, name, text, without: change(search, next) });
  const each = <K extends "type" | "status" | "currency" | "reason" | "source">(
    key: K,
    textOf: (value: NonNullable<EventsSearch[K]>[number]) => string,
  ) => {
    const chosen = (search[key] ?? []) as readonly NonNullable<EventsSearch[K]>[number][];
    for (const value of chosen) {
      add(`${key}-${value}`, t(`filter.${key}`), textOf(value), { [key]: chosen.filter((one) => one !== value) });
    }
  };
  if (search.tab === "rejected") {
    each("reason", (value) => t(`common:reason.${value}`));
    each("source", (value) => value);
  } else {
    if (search.q !== undefined) add("q", t("filter.search"), t("filter.text", { text: search.q }), { q: undefined });
    each("type", (value) => t(`common:event.${value}`));
    each("status", (value) => t(`common:status.${value}`));
    each("currency", (value) => value);
    if (search.order !== undefined) add("order", t("filter.order"), withBlanks(search.order), { order: undefined });
    if (search.user !== undefined) add("user", t("filter.user"), withBlanks(search.user), { user: undefined });
  }
  if (search.span) add("span", t("filter.time"), t(`common:range.long.${search.span}`), { span: undefined });
  if (search.from !== undefined)
    add("from", t("filter.time"), t("filter.fromChip", { time: format.dateTime(search.from) }), { from: undefined });
  if (search.to !== undefined)
    add("to", t("filter.time"), t("filter.toChip", { time: format.dateTime(search.to) }), { to: undefined });
  return chips;
}
