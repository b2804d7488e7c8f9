import { memo } from "react";
import { useTranslation } from "react-i18next";

import { cn } from "@/lib/cn";
import type { BreakdownField } from "@/lib/api";
import type { BreakdownValue } from "@/lib/types";
import { useFormat } from "@/lib/locale/use-format";

import { ChangeChip } from "../change-chip";
import { useCompared } from "../use-figure";
import { useValueText } from "./values";

interface BreakdownTableProps {
  readonly label: string;
  readonly by: BreakdownField;
  readonly values: readonly BreakdownValue[];
  readonly currency: string;
  /** The figure of which each value has its share. */
  readonly figure: "revenue" | "payment_failed";
}

/** On a phone a row has two lines: value and figure; share, change and success rate. */
const ROW = "max-sm:grid max-sm:grid-cols-12";
const VALUE = "py-1.5 text-left max-sm:col-span-6 max-sm:pb-0.5";
const CELL = "py-1.5 text-right whitespace-nowrap sm:pl-3";
const FIGURE = cn(CELL, "max-sm:col-span-6 max-sm:pb-0.5");
const SECOND = cn(CELL, "max-sm:col-span-3 max-sm:pt-0.5");
const SHARE = cn(SECOND, "max-sm:text-left");
const CHANGE = cn(SECOND, "whitespace-normal max-sm:col-span-6 max-sm:last:col-span-9");

/** One row a value: its figure, share and change, and the success rate. */
export const BreakdownTable = memo(function BreakdownTable({
  label,
  by,
  values,
  currency,
  figure,
}: BreakdownTableProps) {
  const { t } = useTranslation("dashboard");
  const format = useFormat();
  const textOf = useValueText();
  const compared = useCompared();
  const ofRevenue = figure === "revenue";
  const largest = Math.max(0, ...values.map(({ share }) => share ?? 0));
  return (
    <table className="w-full text-[0.8125rem]" aria-label={label}>
      <thead className="text-xs text-ink-3">
        <tr className={cn(ROW, "border-b border-line")}>
          <th scope="col" className={cn(VALUE, "font-medium")}>
            {t(`breakdown.by.${by}`)}
          </th>
          <th scope="col" className={cn(FIGURE, "font-medium")}>
            {t(ofRevenue ? "currencies.revenue" : "outcomes.failed")}
          </th>
          <th scope="col" className={cn(SHARE, "font-medium")}>
            {t("breakdown.share")}
          </th>
          <th scope="col" className={cn(CHANGE, "font-medium")}>
            {t("breakdown.change")}
          </th>
          {ofRevenue && (
            <th scope="col" className={cn(SECOND, "font-medium")}>
              {t("breakdown.rate")}
            </th>
          )}
        </tr>
      </thead>
      <tbody className="divide-y divide-line">
        {values.map(({ value, share, current, previous }) => {
          const view = compared(figure, current[figure], previous[figure], currency);
          return (
            <tr key={value ?? "\0"} className={ROW} data-value={value ?? "others"}>
              <th scope="row" className={cn(VALUE, "relative font-normal break-words")}>
                {textOf(by, value)}
                <span
                  aria-hidden
                  className="fill-meaning absolute bottom-0 left-0 h-0.5 rounded-full bg-accent"
                  style={{ width: `${largest === 0 ? 0 : (90 * (share ?? 0)) / largest}%` }}
                />
              </th>
              <td className={cn(FIGURE, "font-semibold")}>{view.text}</td>
              <td className={SHARE}>{format.percent(share)}</td>
              <td className={CHANGE}>
                <ChangeChip view={view} className="text-xs" />
              </td>
              {ofRevenue && <td className={SECOND}>{format.percent(current.success_rate)}</td>}
            </tr>
          );
        })}
      </tbody>
    </table>
  );
});
