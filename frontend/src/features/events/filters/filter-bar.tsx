/** The filters of the visible tab: in a row, or on a phone behind one button. */
import { SlidersHorizontal } from "lucide-react";
import { type ReactNode, type RefObject, useState } from "react";
import { useTranslation } from "react-i18next";

import { Button } from "@/components/ui/button";
import { Drawer } from "@/components/ui/dialog";
import { useAbout, useSources } from "@/lib/queries";
import { useFormat } from "@/lib/locale/use-format";

import { chipsOf } from "./chips";
import { FilterChips } from "./filter-chips";
import { IdFilter } from "./id-filter";
import { TypeMark } from "../marks";
import { type Choice, Choices, type Filter, FilterButton } from "./multi-select";
import { change, type EventsSearch } from "../search";
import { SearchField } from "./search-field";
import { EVENT_TYPES, REASONS, STATUSES } from "../terms";
import { TimeFilter } from "./time-filter";

interface FilterBarProps {
  readonly search: EventsSearch;
  /** `replace`: without a history entry, as while typing. */
  readonly onSearch: (next: EventsSearch, replace?: boolean) => void;
  readonly field: RefObject<HTMLInputElement>;
  readonly phone: boolean;
  readonly end?: ReactNode;
}

type Change = Parameters<typeof change>[1];

/** The word or the number on the time filter's button. */
function useTimeValue({ span, from, to }: EventsSearch): string | null {
  const { t } = useTranslation("common");
  const format = useFormat();
  if (span) return t(`range.${span}`);
  if (from === undefined && to === undefined) return null;
  return `${from === undefined ? "…" : format.dateMinute(from)} – ${to === undefined ? "…" : format.dateMinute(to)}`;
}

export function FilterBar({ search, onSearch, field, phone, end }: FilterBarProps) {
  const rejected = search.tab === "rejected";
  const set = (next: Change, replace = false) => onSearch(change(search, next), replace);
  return (
    <div className="flex flex-col gap-2">
      <div className="flex flex-wrap items-center gap-2">
        {!rejected && (
          <SearchField
            field={field}
            value={search.q ?? ""}
            onValue={(q) => set({ q }, true)}
            className="flex-1 basis-40 md:max-w-72 md:basis-56"
          />
        )}
        {phone ? <PhoneFilters search={search} set={set} /> : <Filters search={search} set={set} />}
        {end}
      </div>
      <FilterChips search={search} onSearch={onSearch} />
    </div>
  );
}

interface FiltersProps {
  readonly search: EventsSearch;
  readonly set: (next: Change) => void;
}

/** The filters of the tab in sight. */
function useFilters({ search, set }: FiltersProps): readonly Filter[] {
  const { t } = useTranslation(["events", "common"]);
  const sources = useSourceNames(search);
  const currencies = useAbout().data?.currencies ?? [];
  const time = {
    label: t("filter.time"),
    value: useTimeValue(search),
    content: <TimeFilter search={search} onTime={set} />,
    className: "w-80",
  };
  const several = (
    key: "type" | "status" | "currency" | "reason" | "source",
    className: string,
    choices: readonly Choice[],
  ): Filter => {
    const label = t(`filter.${key}`);
    const chosen = search[key] ?? [];
    return {
      label,
      value: chosen.length === 0 ? null : String(chosen.length),
      content: <Choices label={label} choices={choices} chosen={chosen} onChosen={(next) => set({ [key]: next })} />,
      className,
      onClear: () => set({ [key]: [] }),
    };
  };
  if (search.tab === "rejected") {
    const reasons = REASONS.map((value) => ({
      value,
      label: t(`common:reason.${value}`),
      hint: t(`meaning.${value}`),
    }));
    const filters = [several("reason", "max-h-[min(32rem,70dvh)] w-80 overflow-y-auto", reasons)];
    if (sources.length > 0) filters.push(several("source", "max-h-[min(32rem,70dvh)] w-64 overflow-y-auto", sources));
    return [...filters, time];
  }
  const ids = [search.order, search.user].filter((one) => one !== undefined);
  return [
    several(
      "type",
      "w-64",
      EVENT_TYPES.map((value) => ({ value, label: <TypeMark type={value} /> })),
    ),
    several(
      "status",
      "w-48",
      STATUSES.map((value) => ({ value, label: t(`common:status.${value}`) })),
    ),
    several(
      "currency",
      "w-40",
      currencies.map(({ code }) => ({ value: code, label: code })),
    ),
    time,
    {
      label: t("filter.ids"),
      value: ids.length === 0 ? null : String(ids.length),
      content: <IdFilter key={`${search.order ?? ""}|${search.user ?? ""}`} search={search} onIds={set} />,
    },
  ];
}

/** What has sent to intake, and what is chosen; on the tab of accepted events, which know no source, nothing. */
function useSourceNames({ tab, source = [] }: EventsSearch): readonly Choice[] {
  const { data } = useSources({ enabled: tab === "rejected" });
  const titles = new Map<string, string>(source.map((name) => [name, name]));
  for (const { name } of data?.senders ?? []) titles.set(name, name);
  for (const { name, title, connected } of data?.sources ?? []) {
    if (connected || titles.has(name)) titles.set(name, title);
  }
  return [...titles].map(([value, title]) => ({ value, label: <span translate="no">{title}</span> }));
}

function Filters(props: FiltersProps) {
  return useFilters(props).map((filter) => <FilterButton key={filter.label} {...filter} />);
}

function PhoneFilters(props: FiltersProps) {
  const { t } = useTranslation(["events", "common"]);
  const format = useFormat();
  const [open, setOpen] = useState(false);
  const filters = useFilters(props);
  const count = chipsOf(props.search, t, format).filter((chip) => chip.key !== "q").length;
  return (
    <>
      <Button size="sm" onClick={() => setOpen(true)}>
        <SlidersHorizontal aria-hidden className="size-4" />
        {count === 0 ? t("filter.open") : t("filter.openCount", { count })}
      </Button>
      <Drawer open={open} onClose={() => setOpen(false)} title={t("filter.open")}>
        {filters.map(({ label, content }) => (
          <section key={label} className="border-b border-line py-3 last:border-0">
            <h3 className="mb-1 px-1 text-xs font-semibold text-ink-3">{label}</h3>
            {content}
          </section>
        ))}
        <Button variant="primary" className="mt-2 w-full" onClick={() => setOpen(false)}>
          {t("filter.show")}
        </Button>
      </Drawer>
    </>
  );
}
