import { memo, useState } from "react";
import { useTranslation } from "react-i18next";

import { Button } from "@/components/ui/button";
import type { TimeSeries } from "@/lib/types";
import { useFormat } from "@/lib/use-format";

import { rowAt } from "./series-data";

const STEP = 60;

/** The chart in numbers, the newest window first: for the keyboard, for screen readers, for copying. */
export const SeriesTable = memo(function SeriesTable({ series, currency, height }: { readonly series: TimeSeries; readonly currency: string; readonly height: number }) {
  const { t } = useTranslation("dashboard");
  const format = useFormat();
  const [shown, setShown] = useState(STEP);
  const count = series.starts.length;
  const rows = Array.from({ length: Math.min(shown, count) }, (_, index) => rowAt(series, count - 1 - index, currency)).filter((row) => row !== null);
  const cell = "px-3 py-1.5 text-right whitespace-nowrap";
  return (
    // A region that scrolls must take focus, or the keyboard cannot scroll it.
    // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex
    <div role="region" aria-label={`${t("series.title")}: ${t("series.table")}`} tabIndex={0} style={{ height }} className="overflow-auto rounded-lg border border-line">
      <table className="w-full text-[0.8125rem]">
        <thead className="sticky top-0 bg-sunken text-xs text-ink-2">
          <tr>
            <th scope="col" className="px-3 py-2 text-left font-medium">
              {t("series.time")}
            </th>
            {[`${t("series.metrics.revenue")} (${currency})`, t("series.metrics.orders"), t("series.paid"), t("series.failed"), t("series.cancelled"), t("series.metrics.success_rate")].map((name) => (
              <th key={name} scope="col" className="px-3 py-2 text-right font-medium whitespace-nowrap">
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody className="divide-y divide-line">
          {rows.map((row) => (
            <tr key={row.start}>
              <th scope="row" className="px-3 py-1.5 text-left font-normal whitespace-nowrap">
                {format.minute(row.start * 1_000)}–{format.minute(row.end * 1_000)}
                {row.open && <span className="text-ink-3"> · {t("series.open")}</span>}
              </th>
              <td className={cell}>{format.money(row.revenue, currency)}</td>
              <td className={cell}>{format.count(row.orders)}</td>
              <td className={cell}>{format.count(row.paid)}</td>
              <td className={cell}>{format.count(row.failed)}</td>
              <td className={cell}>{format.count(row.cancelled)}</td>
              <td className={cell}>{format.percent(row.rate)}</td>
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
