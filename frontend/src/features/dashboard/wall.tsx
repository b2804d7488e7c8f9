import { Minimize2 } from "lucide-react";
import { lazy, type RefObject, Suspense, useCallback, useEffect, useId, useRef, useState } from "react";
import { useTranslation } from "react-i18next";

import { FreshnessIndicator } from "@/components/layout/freshness";
import { Logo } from "@/components/layout/logo";
import { MockBadge } from "@/components/layout/shell";
import { Button } from "@/components/ui/button";
import { Skeleton } from "@/components/ui/skeleton";
import { cn } from "@/lib/cn";
import { useKpi, useTimeSeries } from "@/lib/queries";
import type { KpiReport } from "@/lib/types";
import { useFormat } from "@/lib/use-format";
import { useNow } from "@/lib/use-freshness";

import { ChangeChip } from "./change-chip";
import type { Figure } from "./figures";
import { useFigures } from "./use-figure";
import type { View } from "./use-view";

const SeriesPlot = lazy(async () => ({ default: (await import("./series-plot")).SeriesPlot }));

interface BigProps {
  readonly figure: Figure;
  readonly report: KpiReport | undefined;
  readonly currency: string;
  readonly hero?: boolean;
  /** Letters to leave room for, so that neighbours are of one size. */
  readonly letters?: number;
}

function Big({ figure, report, currency, hero = false, letters = 0 }: BigProps) {
  const { t } = useTranslation("dashboard");
  const view = useFigures();
  const shown = report && view(figure, report, currency);
  return (
    <div data-kpi={figure} className="@container min-w-0">
      <div className="text-[clamp(0.875rem,1.5vw,1.5rem)] font-medium text-ink-2">
        {t(`card.${figure}`)}
        {(figure === "revenue" || figure === "average") && <span className="text-ink-3"> · {currency}</span>}
      </div>
      {shown ? (
        <>
          <div
            data-testid="kpi-value"
            className={cn("leading-tight font-semibold tracking-tight whitespace-nowrap", hero && "text-accent")}
            style={{ fontSize: `min(${hero ? "5.6vw" : "4.2vw"}, calc(100cqw / ${(Math.max(letters, shown.text.length) * 0.66).toFixed(2)}), ${hero ? "15vh" : "11vh"})` }}
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

/** How high an element is, in whole CSS pixels. */
function useHeight(ref: RefObject<HTMLElement>): number {
  const [height, setHeight] = useState(0);
  useEffect(() => {
    const element = ref.current;
    if (!element) return undefined;
    const observer = new ResizeObserver(([entry]) => setHeight(Math.floor(entry?.contentRect.height ?? 0)));
    observer.observe(element);
    return () => observer.disconnect();
  }, [ref]);
  return height;
}

/** The dashboard for a screen on the wall: few numbers, seen from across the room. */
export function Wall({ view }: { readonly view: View }) {
  const { t } = useTranslation(["dashboard", "common"]);
  const format = useFormat();
  const now = useNow(1_000);
  const kpi = useKpi(view.range).data;
  const series = useTimeSeries(view.range).data;
  const ignore = useCallback(() => undefined, []);
  const place = useRef<HTMLDivElement>(null);
  const height = useHeight(place);
  const title = useId();
  const figures = useFigures();
  const letters = kpi ? Math.max(...view.currencies.map((currency) => figures("revenue", kpi, currency).text.length)) : 0;
  return (
    <div data-as-of={kpi?.as_of} className="flex min-h-dvh flex-col gap-[2.5vh] p-[clamp(1rem,2.5vw,3rem)]">
      <header className="flex flex-wrap items-center gap-x-4 gap-y-2">
        <Logo className="size-9" />
        <h1 className="text-[clamp(1rem,1.6vw,1.75rem)] font-semibold tracking-tight">
          {t(`range.long.${kpi?.current.range.name ?? view.range.range}`, { ns: "common" })}
          <span className="font-normal text-ink-3"> · {view.range.tz}</span>
        </h1>
        <MockBadge />
        <span className="ml-auto text-[clamp(1rem,1.6vw,1.75rem)] font-semibold">{format.time(now)}</span>
        <FreshnessIndicator className="text-[clamp(0.875rem,1.2vw,1.25rem)]" />
        <Button variant="ghost" size="icon" aria-label={t("wallLeave")} title={`${t("wallLeave")} (f)`} onClick={() => view.setWall(false)}>
          <Minimize2 className="size-5" aria-hidden />
        </Button>
      </header>
      <div className="grid gap-x-[3vw] gap-y-[2.5vh] sm:grid-cols-2">
        {view.currencies.map((currency) => (
          <Big key={currency} figure="revenue" report={kpi} currency={currency} hero letters={letters} />
        ))}
      </div>
      <div className="grid grid-cols-2 gap-x-[3vw] gap-y-[2.5vh] lg:grid-cols-4">
        {(["orders", "success_rate", "failed", "cancelled"] as const).map((figure) => (
          <Big key={figure} figure={figure} report={kpi} currency={view.currency} />
        ))}
      </div>
      <section aria-labelledby={title} className="flex min-h-44 flex-1 flex-col gap-2">
        <h2 id={title} className="text-[clamp(0.875rem,1.5vw,1.5rem)] font-medium text-ink-2">
          {t("series.metrics.orders")} <span className="text-ink-3">· {t("series.title").toLocaleLowerCase()}</span>
        </h2>
        <div ref={place} className="relative min-h-0 flex-1">
          <div className="absolute inset-0">
            <Suspense fallback={null}>
              {series && height > 0 && <SeriesPlot series={series} metric="orders" currency={view.currency} height={height} fontPx={15} onPoint={ignore} />}
            </Suspense>
          </div>
        </div>
      </section>
    </div>
  );
}
