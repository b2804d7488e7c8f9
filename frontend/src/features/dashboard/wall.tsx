import { Minimize2 } from "lucide-react";
import { lazy, type ReactNode, type RefObject, Suspense, useCallback, useEffect, useId, useRef, useState } from "react";
import { useTranslation } from "react-i18next";

import { FreshnessIndicator } from "@/components/layout/freshness";
import { Logo } from "@/components/layout/logo";
import { MockBadge } from "@/components/layout/shell";
import { Button } from "@/components/ui/button";
import { Skeleton } from "@/components/ui/skeleton";
import { cn } from "@/lib/cn";
import { part } from "@/lib/parts";
import { usePageTitle } from "@/lib/page/use-page-title";
import { useKpi, useTimeSeries } from "@/lib/queries";
import { type KpiName, KPIS } from "@/lib/kpis";
import type { KpiReport } from "@/lib/types";
import { useFormat } from "@/lib/locale/use-format";
import { useNow } from "@/lib/live/use-freshness";

import { ChangeChip } from "./change-chip";
import { useFigures } from "./use-figure";
import type { View } from "./use-view";

const SeriesPlot = lazy(part(async () => ({ default: (await import("./series-plot")).SeriesPlot })));

interface BigProps {
  readonly figure: KpiName;
  readonly report: KpiReport | undefined;
  readonly currency: string;
  readonly hero?: boolean;
  /** Characters to reserve space for, so that neighbours have the same size. */
  readonly letters?: number;
}

function Big({ figure, report, currency, hero = false, letters = 0 }: BigProps) {
  const { t } = useTranslation(["dashboard", "common"]);
  const view = useFigures();
  const shown = report && view(figure, report, currency);
  return (
    <div data-kpi={figure} className="@container min-w-0">
      <div className="text-[clamp(0.875rem,1.5vw,1.5rem)] font-medium text-ink-2">
        {t(`kpi.${figure}.title`, { ns: "common" })}
        {KPIS[figure].unit === "money" && <span className="text-ink-3"> · {currency}</span>}
      </div>
      {shown ? (
        <>
          <div
            data-testid="kpi-value"
            className={cn("leading-tight font-semibold tracking-tight whitespace-nowrap", hero && "text-accent")}
            style={{
              fontSize: `min(${hero ? "5.6vw" : "4.2vw"}, calc(100cqw / ${(Math.max(letters, shown.text.length) * 0.66).toFixed(2)}), ${hero ? "15vh" : "11vh"})`,
            }}
          >
            {shown.text}
          </div>
          <ChangeChip view={shown} className="text-[clamp(0.875rem,1.4vw,1.5rem)]" />
        </>
      ) : (
        <Skeleton className="mt-2 h-16 w-3/4" />
      )}
    </div>
  );
}

/** Height of an element and the page's font size, in whole CSS pixels. */
function useSizes(ref: RefObject<HTMLElement>): { readonly height: number; readonly rem: number } {
  const [height, setHeight] = useState(0);
  const [rem, setRem] = useState(16);
  useEffect(() => {
    const element = ref.current;
    if (!element) return undefined;
    const observer = new ResizeObserver(([entry]) => {
      setHeight(Math.floor(entry?.contentRect.height ?? 0));
      setRem(parseFloat(getComputedStyle(document.documentElement).fontSize) || 16);
    });
    observer.observe(element);
    return () => observer.disconnect();
  }, [ref]);
  return { height, rem };
}

/** The dashboard for a wall screen: a few large numbers. */
export function Wall({ view, banner }: { readonly view: View; readonly banner: ReactNode }) {
  const { t } = useTranslation(["dashboard", "common"]);
  const format = useFormat();
  const now = useNow(1_000);
  const kpi = useKpi(view.range).data;
  const series = useTimeSeries(view.range).data;
  const ignore = useCallback(() => undefined, []);
  const place = useRef<HTMLDivElement>(null);
  const { height, rem } = useSizes(place);
  const title = useId();
  usePageTitle(t("wallTitle"));
  const figures = useFigures();
  const letters = kpi
    ? Math.max(...view.currencies.map((currency) => figures("revenue", kpi, currency).text.length))
    : 0;
  return (
    <div data-as-of={kpi?.as_of} className="flex flex-1 flex-col gap-[2.5vh] p-[clamp(1rem,2.5vw,3rem)]">
      <header className="flex flex-wrap items-center gap-x-4 gap-y-2">
        <Logo className="size-9" />
        <h1 className="text-[clamp(1rem,1.6vw,1.75rem)] font-semibold tracking-tight first-letter:uppercase">
          {t(`range.long.${kpi?.current.range.name ?? view.range.range}`, { ns: "common" })}
          <span className="font-normal text-ink-3"> · {view.range.tz}</span>
        </h1>
        <MockBadge />
        <span className="ml-auto text-[clamp(1rem,1.6vw,1.75rem)] font-semibold">{format.time(now)}</span>
        <FreshnessIndicator className="text-[clamp(0.875rem,1.2vw,1.25rem)]" />
        <Button
          variant="ghost"
          size="icon"
          aria-label={t("wallLeave")}
          title={`${t("wallLeave")} (f)`}
          onClick={() => view.setWall(false)}
        >
          <Minimize2 className="size-5" aria-hidden />
        </Button>
      </header>
      {banner}
      <div className="grid gap-x-[3vw] gap-y-[2.5vh] sm:grid-cols-2">
        {view.currencies.map((currency) => (
          <Big key={currency} figure="revenue" report={kpi} currency={currency} hero letters={letters} />
        ))}
      </div>
      <div className="grid grid-cols-2 gap-x-[3vw] gap-y-[2.5vh] lg:grid-cols-4">
        {(["orders_created", "success_rate", "payment_failed", "orders_cancelled"] as const).map((figure) => (
          <Big key={figure} figure={figure} report={kpi} currency={view.currency} />
        ))}
      </div>
      <section aria-labelledby={title} className="flex min-h-32 flex-1 flex-col gap-2">
        <h2 id={title} className="text-[clamp(0.875rem,1.5vw,1.5rem)] font-medium text-ink-2">
          {t("series.metrics.orders")} <span className="text-ink-3">· {t("series.title").toLocaleLowerCase()}</span>
        </h2>
        <div ref={place} className="relative min-h-0 flex-1">
          <div className="absolute inset-0">
            <Suspense fallback={null}>
              {series && height > 0 && (
                <SeriesPlot
                  series={series}
                  metric="orders"
                  currency={view.currency}
                  height={height}
                  fontPx={Math.round(rem)}
                  onPoint={ignore}
                />
              )}
            </Suspense>
          </div>
        </div>
      </section>
    </div>
  );
}
