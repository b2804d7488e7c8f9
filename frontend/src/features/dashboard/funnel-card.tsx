import { useTranslation } from "react-i18next";

import { TitledCard } from "@/components/ui/card";
import { Skeleton } from "@/components/ui/skeleton";
import type { Kpi } from "@/lib/types";
import { useFormat } from "@/lib/locale/use-format";

/** Created, initiated, paid: each step relative to the first, with its share. */
export function FunnelCard({ totals }: { readonly totals: Kpi | undefined }) {
  const { t } = useTranslation("dashboard");
  const format = useFormat();
  const steps =
    totals &&
    ([
      { key: "created", count: totals.orders_created, rate: null, tone: "bg-accent" },
      {
        key: "initiated",
        count: totals.payments_initiated,
        rate: totals.created_to_initiated_rate,
        tone: "bg-accent/75",
      },
      { key: "paid", count: totals.payment_success, rate: totals.initiated_to_paid_rate, tone: "bg-accent/55" },
    ] as const);
  const whole = Math.max(1, totals?.orders_created ?? 0);
  return (
    <TitledCard title={t("funnel.title")} note={t("funnel.note")}>
      <ol className="space-y-3">
        {steps
          ? steps.map(({ key, count, rate, tone }) => (
              <li key={key} data-funnel={key}>
                <div className="flex h-[1.1375rem] items-baseline justify-between gap-3 text-[0.8125rem]">
                  <span className="text-ink-2">{t(`funnel.${key}`)}</span>
                  <span className="flex items-baseline">
                    <span className="font-semibold">{format.count(count)}</span>
                    <span className="w-14 text-right text-ink-3">{rate !== null && format.percent(rate)}</span>
                  </span>
                </div>
                <div className="mt-1 h-2.5 overflow-hidden rounded-full bg-sunken">
                  <div
                    className={`fill-meaning h-full origin-left rounded-full transition-transform duration-300 ${tone}`}
                    style={{ transform: `scaleX(${Math.min(1, count / whole)})` }}
                  />
                </div>
              </li>
            ))
          : [0, 1, 2].map((index) => (
              <li key={index}>
                <div className="flex h-[1.1375rem] items-center">
                  <Skeleton className="h-3 w-full" />
                </div>
                <Skeleton className="mt-1 h-2.5 w-full" />
              </li>
            ))}
      </ol>
      <p className="mt-3 min-h-5 text-xs text-ink-3">
        {totals && t("funnel.ofCreated", { rate: format.percent(totals.created_to_paid_rate) })}
      </p>
    </TitledCard>
  );
}
