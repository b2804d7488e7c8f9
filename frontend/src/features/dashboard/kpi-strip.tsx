import type { CSSProperties } from "react";
import { useTranslation } from "react-i18next";

import { CARDS } from "@/components/look";
import { Card } from "@/components/ui/card";
import { ErrorState } from "@/components/ui/states";
import { cn } from "@/lib/cn";
import { useKpi, useTimeSeries } from "@/lib/queries";

import { KpiCard } from "./kpi-card";
import type { View } from "./use-view";

/** Column spans of the first and last card that avoid gaps in two, three or four columns. */
const FIRST = cn(
  "max-sm:col-span-2",
  CARDS.length % 3 === 1 && "sm:max-xl:col-span-3",
  CARDS.length % 4 === 3 && "xl:max-[110rem]:col-span-2",
);
const LAST = CARDS.length % 2 === 0 ? "max-sm:col-span-2" : "";

/** The figures side by side; the first spans two columns. */
export function KpiStrip({ view }: { readonly view: View }) {
  const { t } = useTranslation("dashboard");
  const kpi = useKpi(view.range);
  const series = useTimeSeries(view.range);
  if (kpi.isError && !kpi.data) {
    return (
      <Card className="min-h-36">
        <ErrorState error={kpi.error} onRetry={() => void kpi.refetch()} />
      </Card>
    );
  }
  return (
    <section
      aria-label={t("kpis")}
      aria-busy={kpi.isPlaceholderData}
      data-as-of={kpi.data?.as_of}
      style={{ "--cards": CARDS.length - 1 } as CSSProperties}
      className={cn(
        "grid grid-cols-2 gap-3 sm:grid-cols-3 xl:grid-cols-4 min-[110rem]:grid-cols-[1.6fr_repeat(var(--cards),1fr)]",
        kpi.isPlaceholderData && "opacity-60",
      )}
    >
      {CARDS.map((figure, index) => (
        <KpiCard
          key={figure}
          figure={figure}
          report={kpi.data}
          series={series.data}
          currency={view.currency}
          hero={index === 0}
          className={index === 0 ? FIRST : index === CARDS.length - 1 ? LAST : ""}
        />
      ))}
    </section>
  );
}
