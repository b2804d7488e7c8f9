import { memo, useMemo } from "react";
import { useTranslation } from "react-i18next";

import { Card } from "@/components/ui/card";
import { Skeleton } from "@/components/ui/skeleton";
import { Tooltip } from "@/components/ui/tooltip";
import { cn } from "@/lib/cn";
import { type KpiName, KPIS } from "@/lib/kpis";
import type { KpiReport, TimeSeries } from "@/lib/types";

import { ChangeChip } from "./change-chip";
import { sparkOf } from "./figures";
import { Sparkline } from "./sparkline";
import { useFigures } from "./use-figure";

interface KpiCardProps {
  readonly figure: KpiName;
  readonly report: KpiReport | undefined;
  readonly series: TimeSeries | undefined;
  readonly currency: string;
  /** The main figure: larger, in the accent colour. */
  readonly hero?: boolean;
  readonly className?: string;
}

/** At most as large as `largest` and as wide as the card: an amount is never truncated or abbreviated. */
const fitting = (text: string, largest: string) => `min(${largest}, calc(100cqw / ${(text.length * 0.68).toFixed(2)}))`;

/** One figure: label, value, change, and its sparkline over the range. */
export const KpiCard = memo(function KpiCard({
  figure,
  report,
  series,
  currency,
  hero = false,
  className,
}: KpiCardProps) {
  const { t } = useTranslation(["dashboard", "common"]);
  const view = useFigures();
  const points = useMemo(() => (series ? sparkOf(figure, series, currency) : []), [figure, series, currency]);
  const title = t(`kpi.${figure}.title`, { ns: "common" });
  const shown = report && view(figure, report, currency);
  const isMoney = KPIS[figure].unit === "money";
  return (
    <Card
      role="group"
      aria-label={title}
      aria-busy={!report}
      data-kpi={figure}
      className={cn("@container relative flex h-36 flex-col overflow-hidden px-4 pt-3.5", className)}
    >
      <div className="flex items-center gap-1.5 text-[0.8125rem] font-medium text-ink-2">
        <span className="truncate">{title}</span>
        {isMoney && (
          <span className="rounded bg-sunken px-1 py-px text-[0.6875rem] font-semibold text-ink-2">{currency}</span>
        )}
      </div>
      {shown ? (
        <Tooltip
          text={`${t(`kpi.${figure}.text`, { ns: "common" })} ${isMoney ? t("inCurrency", { currency }) : t("allCurrencies")} ${shown.words}`}
        >
          <button
            type="button"
            className="-mx-1 mt-1 flex min-w-0 cursor-help flex-col items-start rounded-md px-1 text-left"
          >
            <span
              data-testid="kpi-value"
              className="leading-9 font-semibold tracking-tight whitespace-nowrap"
              style={{ fontSize: fitting(shown.text, hero ? "2rem" : "1.5rem") }}
            >
              {shown.text}
            </span>
            <ChangeChip view={shown} className="h-5" />
          </button>
        </Tooltip>
      ) : (
        <div className="mt-2 space-y-2.5">
          <Skeleton className={cn("h-7", hero ? "w-48" : "w-24")} />
          <Skeleton className="h-3.5 w-28" />
        </div>
      )}
      <Sparkline
        points={points}
        className={cn("absolute inset-x-0 bottom-0", hero ? "h-10 text-accent" : "text-ink-3")}
      />
    </Card>
  );
});
