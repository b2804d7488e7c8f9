import { memo, useState } from "react";
import { useTranslation } from "react-i18next";

import { COLUMNS } from "@/components/look";
import { Button } from "@/components/ui/button";
import { KPIS } from "@/lib/kpis";
import type { TimeSeries } from "@/lib/types";
import { useFormat } from "@/lib/locale/use-format";

import { closedCount, valueAt } from "./figures";
import { useWritten } from "./use-figure";

const STEP = 60;

/** The chart as a table, newest window first: for the keyboard, screen readers and copying. */
export const SeriesTable = memo(function SeriesTable({
  series,
  currency,
  height,
}: {
  readonly series: TimeSeries;
  readonly currency: string;
  readonly height: number;
}) {
  const { t } = useTranslation(["dashboard", "common"]);
  const format = useFormat();
  const [shown, setShown] = useState(STEP);
  const count = series.starts.length;
  const write = useWritten();
  const closed = closedCount(series);
  const rows = series.starts
    .map((start, index) => ({ start, index }))
    .reverse()
    .slice(0, shown);
  return (
    <div
      role="region"
      aria-label={`${t("series.title")}: ${t("series.table")}`}
      // A scrollable region must be focusable, or the keyboard cannot scroll it.
      // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex
      tabIndex={0}
      style={{ height }}
      className="overflow-auto rounded-lg border border-line"
    >
      <table className="w-full text-[0.8125rem]">
        <thead className="sticky top-0 bg-sunken text-xs text-ink-2">
          <tr>
            <th scope="col" className="px-3 py-2 text-left font-medium">
              {t("series.time")}
            </th>
            {COLUMNS.map((name) => (
              <th key={name} scope="col" className="px-3 py-2 text-right font-medium whitespace-nowrap">
                {t(`kpi.${name}.title`, { ns: "common" })}
                {KPIS[name].unit === "money" && ` (${currency})`}
              </th>
            ))}
          </tr>
        </thead>
        <tbody className="divide-y divide-line">
          {rows.map(({ start, index }) => (
            <tr key={start}>
              <th scope="row" className="px-3 py-1.5 text-left font-normal whitespace-nowrap">
                {format.minute(start * 1_000)}–{format.minute((start + series.step_s) * 1_000)}
                {index >= closed && <span className="text-ink-3"> · {t("series.open")}</span>}
              </th>
              {COLUMNS.map((name) => (
                <td key={name} className="px-3 py-1.5 text-right whitespace-nowrap">
                  {write(name, valueAt(series, name, currency, index), currency)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
      {shown < count && (
        <div className="p-2 text-center">
          <Button size="sm" variant="ghost" onClick={() => setShown(shown + STEP * 4)}>
            {t("series.more", { count: Math.min(STEP * 4, count - shown) })}
          </Button>
        </div>
      )}
    </div>
  );
});
