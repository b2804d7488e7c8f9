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
  /** The figure of which each value has its share; on a phone, only money is left out. */
  readonly figure: "revenue" | "payment_failed";
}

const CELL = "py-1.5 pl-2 text-right whitespace-nowrap sm:pl-3";

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
        <tr className="border-b border-line">
          <th scope="col" className="py-1.5 text-left font-medium">
            {t(`breakdown.by.${by}`)}
          </th>
          <th scope="col" className={cn(CELL, "font-medium", ofRevenue && "max-sm:hidden")}>
            {t(ofRevenue ? "currencies.revenue" : "outcomes.failed")}
          </th>
          <th scope="col" className={cn(CELL, "font-medium")}>
            {t("breakdown.share")}
          </th>
          <th scope="col" className={cn(CELL, "font-medium")}>
            {t("breakdown.change")}
          </th>
          {ofRevenue && (
            <th scope="col" className={cn(CELL, "font-medium")}>
              {t("breakdown.rate")}
            </th>
          )}
        </tr>
      </thead>
      <tbody className="divide-y divide-line">
        {values.map(({ value, share, current, previous }) => {
          const view = compared(figure, current[figure], previous[figure], currency);
          return (
            <tr key={value ?? "\0"} data-value={value ?? "others"}>
              <th scope="row" className="relative py-1.5 text-left font-normal break-words">
                {textOf(by, value)}
                <span
                  aria-hidden
                  className="fill-meaning absolute bottom-0 left-0 h-0.5 rounded-full bg-accent"
                  style={{ width: `${largest === 0 ? 0 : (90 * (share ?? 0)) / largest}%` }}
                />
              </th>
              <td className={cn(CELL, "font-semibold", ofRevenue && "max-sm:hidden")}>{view.text}</td>
              <td className={CELL}>{format.percent(share)}</td>
              <td className={CELL}>
                <ChangeChip view={view} className="text-xs" />
              </td>
              {ofRevenue && <td className={CELL}>{format.percent(current.success_rate)}</td>}
            </tr>
          );
        })}
      </tbody>
    </table>
  );
});
