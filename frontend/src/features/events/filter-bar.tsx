/** The filters of the tab in sight: in a row, or on a phone behind one button. */
import { SlidersHorizontal } from "lucide-react";
import { type ReactNode, type RefObject, useState } from "react";
import { useTranslation } from "react-i18next";

import { Button } from "@/components/ui/button";
import { Drawer } from "@/components/ui/dialog";
import { useAbout } from "@/lib/queries";
import { useFormat } from "@/lib/use-format";

import { chipsOf } from "./chips";
import { FilterChips } from "./filter-chips";
import { IdFilter } from "./id-filter";
import { TypeMark } from "./marks";
import { Choices, FilterButton, MultiSelect } from "./multi-select";
import { change, type EventsSearch } from "./search";
import { SearchField } from "./search-field";
import { EVENT_TYPES, REASONS, STATUSES } from "./terms";
import { TimeFilter } from "./time-filter";

interface FilterBarProps {
  readonly search: EventsSearch;
  /** `replace`: without a step for the back button, as while typing. */
  readonly onSearch: (next: EventsSearch, replace?: boolean) => void;
  readonly field: RefObject<HTMLInputElement>;
  readonly phone: boolean;
  readonly end?: ReactNode;
}

type Change = Parameters<typeof change>[1];

function useChoices() {
  const { t } = useTranslation(["events", "common"]);
  const about = useAbout().data;
  return {
    types: EVENT_TYPES.map((value) => ({ value, label: <TypeMark type={value} /> })),
    statuses: STATUSES.map((value) => ({ value, label: t(`common:status.${value}`) })),
    currencies: (about?.currencies ?? []).map(({ code }) => ({ value: code, label: code })),
    reasons: REASONS.map((value) => ({ value, label: t(`common:reason.${value}`), hint: t(`meaning.${value}`) })),
  };
}

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
          <SearchField field={field} value={search.q ?? ""} onValue={(q) => set({ q }, true)} className="flex-1 basis-40 md:max-w-72 md:basis-56" />
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

function Filters({ search, set }: FiltersProps) {
  const { t } = useTranslation("events");
  const { types, statuses, currencies, reasons } = useChoices();
  const time = useTimeValue(search);
  const ids = [search.order, search.user].filter((one) => one !== undefined);
  const timeFilter = (
    <FilterButton label={t("filter.time")} value={time} className="w-80">
      <TimeFilter search={search} onTime={set} />
    </FilterButton>
  );
  if (search.tab === "rejected") {
    return (
      <>
        <MultiSelect
          label={t("filter.reason")}
          choices={reasons}
          chosen={search.reason ?? []}
          onChosen={(reason) => set({ reason })}
          className="max-h-[min(32rem,70dvh)] w-80 overflow-y-auto"
        />
        {timeFilter}
      </>
    );
  }
  return (
    <>
      <MultiSelect label={t("filter.type")} choices={types} chosen={search.type ?? []} onChosen={(type) => set({ type })} />
      <MultiSelect label={t("filter.status")} choices={statuses} chosen={search.status ?? []} onChosen={(status) => set({ status })} className="w-48" />
      <MultiSelect
        label={t("filter.currency")}
        choices={currencies}
        chosen={search.currency ?? []}
        onChosen={(currency) => set({ currency })}
        className="w-40"
      />
      {timeFilter}
      <FilterButton label={t("filter.ids")} value={ids.length === 0 ? null : String(ids.length)}>
        <IdFilter key={ids.join("|")} search={search} onIds={set} />
      </FilterButton>
    </>
  );
}

function PhoneFilters({ search, set }: FiltersProps) {
  const { t } = useTranslation("events");
  const format = useFormat();
  const [open, setOpen] = useState(false);
  const { t: tBoth } = useTranslation(["events", "common"]);
  const { types, statuses, currencies, reasons } = useChoices();
  const count = chipsOf(search, tBoth, format).filter((chip) => chip.key !== "q").length;
  const section = (title: string, content: ReactNode) => (
    <section className="border-b border-line py-3 last:border-0">
      <h3 className="mb-1 px-1 text-xs font-semibold text-ink-3">{title}</h3>
      {content}
    </section>
  );
  return (
    <>
      <Button size="sm" onClick={() => setOpen(true)}>
        <SlidersHorizontal aria-hidden className="size-4" />
        {count === 0 ? t("filter.open") : t("filter.openCount", { count })}
      </Button>
      <Drawer open={open} onClose={() => setOpen(false)} title={t("filter.open")}>
        {search.tab === "rejected" ? (
          section(
            t("filter.reason"),
            <Choices label={t("filter.reason")} choices={reasons} chosen={search.reason ?? []} onChosen={(reason) => set({ reason })} />,
          )
        ) : (
          <>
            {section(t("filter.type"), <Choices label={t("filter.type")} choices={types} chosen={search.type ?? []} onChosen={(type) => set({ type })} />)}
            {section(
              t("filter.status"),
              <Choices label={t("filter.status")} choices={statuses} chosen={search.status ?? []} onChosen={(status) => set({ status })} />,
            )}
            {section(
              t("filter.currency"),
              <Choices label={t("filter.currency")} choices={currencies} chosen={search.currency ?? []} onChosen={(currency) => set({ currency })} />,
            )}
            {section(t("filter.ids"), <IdFilter key={`${search.order ?? ""}|${search.user ?? ""}`} search={search} onIds={set} />)}
          </>
        )}
        {section(t("filter.time"), <TimeFilter search={search} onTime={set} />)}
        <Button variant="primary" className="mt-2 w-full" onClick={() => setOpen(false)}>
          {t("filter.show")}
        </Button>
      </Drawer>
    </>
  );
}
