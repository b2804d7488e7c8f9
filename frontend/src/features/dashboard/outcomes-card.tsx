import { useTranslation } from "react-i18next";

import { TitledCard } from "@/components/ui/card";
import { Skeleton } from "@/components/ui/skeleton";
import { cn } from "@/lib/cn";
import type { Kpi } from "@/lib/types";
import { useFormat } from "@/lib/locale/use-format";

const PARTS = [
  { key: "paid", column: "payment_success", tone: "bg-good-fill" },
  { key: "failed", column: "payment_failed", tone: "bg-bad-fill" },
  { key: "cancelled", column: "orders_cancelled", tone: "bg-warn-fill" },
] as const;

/** Outcomes of the range's orders, as parts of a whole. */
export function OutcomesCard({ totals }: { readonly totals: Kpi | undefined }) {
  const { t } = useTranslation("dashboard");
  const format = useFormat();
  const whole = totals ? PARTS.reduce((sum, { column }) => sum + totals[column], 0) : 0;
  return (
    <TitledCard title={t("outcomes.title")}>
      <div className="flex h-3 gap-0.5 overflow-hidden rounded-full bg-sunken">
        {totals &&
          whole > 0 &&
          PARTS.map(({ key, column, tone }) => (
            <div
              key={key}
              className={cn("fill-meaning h-full", tone)}
              style={{ flexGrow: totals[column], flexBasis: 0 }}
            />
          ))}
      </div>
      <dl className="mt-3 space-y-1.5">
        {PARTS.map(({ key, column, tone }) => (
          <div key={key} data-outcome={key} className="flex h-5 items-center gap-2 text-[0.8125rem]">
            <dt className="flex flex-1 items-center gap-2 text-ink-2">
              <span aria-hidden className={cn("fill-meaning size-2 rounded-[3px]", tone)} />
              {t(`outcomes.${key}`)}
            </dt>
            {totals ? (
              <>
                <dd className="font-semibold">{format.count(totals[column])}</dd>
                <dd className="w-14 text-right text-ink-3">
                  {format.percent(whole === 0 ? null : (100 * totals[column]) / whole)}
                </dd>
              </>
            ) : (
              <dd>
                <Skeleton className="h-3.5 w-20" />
              </dd>
            )}
          </div>
        ))}
      </dl>
      {totals && whole === 0 && <p className="mt-2 text-xs text-ink-3">{t("outcomes.none")}</p>}
    </TitledCard>
  );
}
