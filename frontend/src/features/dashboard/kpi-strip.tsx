import { useTranslation } from "react-i18next";

import { Card } from "@/components/ui/card";
import { ErrorState } from "@/components/ui/states";
import { cn } from "@/lib/cn";
import { useKpi, useTimeSeries } from "@/lib/queries";

import { FIGURES } from "./figures";
import { KpiCard } from "./kpi-card";
import type { View } from "./use-view";

/** The six figures side by side; revenue takes the room of two. */
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
      className={cn("grid grid-cols-2 gap-3 sm:grid-cols-3 xl:grid-cols-[1.6fr_repeat(5,1fr)]", kpi.isPlaceholderData && "opacity-60")}
    >
      {FIGURES.map((figure) => (
        <KpiCard
          key={figure}
          figure={figure}
          report={kpi.data}
          series={series.data}
          currency={view.currency}
          hero={figure === "revenue"}
          className={figure === "revenue" || figure === "cancelled" ? "max-sm:col-span-2" : ""}
        />
      ))}
    </section>
  );
}
