import "./i18n";

import { Link } from "@tanstack/react-router";
import { Bell, BellRing, Maximize2 } from "lucide-react";
import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";

import { Page } from "@/components/layout/page";
import { Button } from "@/components/ui/button";
import { Card } from "@/components/ui/card";
import { ErrorBoundary } from "@/components/ui/error-boundary";
import { Segmented } from "@/components/ui/segmented";
import { EmptyState } from "@/components/ui/states";
import { RANGES } from "@/lib/api";
import { useKpi, useLive, useTimeSeries } from "@/lib/queries";
import { announce } from "@/lib/page/ui-state";
import { useFormat } from "@/lib/locale/use-format";
import { useShortcuts } from "@/lib/page/use-shortcuts";

import { AlertBanner } from "./alerts/alert-banner";
import { AlertsDialog } from "./alerts/alerts-dialog";
import { useAlerts } from "./alerts/use-alerts";
import { BreakdownCard, FailuresCard } from "./breakdown/breakdown-card";
import { CurrenciesCard } from "./currencies-card";
import { FunnelCard } from "./funnel-card";
import { KpiStrip } from "./kpi-strip";
import { OutcomesCard } from "./outcomes-card";
import { SeriesCard } from "./series-card";
import { TickerCard } from "./ticker-card";
import { useView, type View } from "./use-view";
import { enterFullScreen, useWall } from "./use-wall";
import { Wall } from "./wall";

/** The range of the page's numbers. */
function WindowNote({ view }: { readonly view: View }) {
  const { t } = useTranslation(["dashboard", "common"]);
  const format = useFormat();
  const report = useKpi(view.range).data;
  if (!report) return null;
  const now = report.current.range;
  const before = report.previous.range;
  return t("window", {
    from: format.dateMinute(now.start),
    to: format.minute(now.end),
    before: format.dateMinute(before.start),
    until: format.minute(before.end),
    // While another range is loaded, the previous one's numbers stay, labelled with its name.
    range: t(`range.long.${now.name}`, { ns: "common" }),
    zone: view.range.tz,
  });
}

function NothingYet() {
  const { t } = useTranslation("dashboard");
  return (
    <Card>
      <EmptyState
        title={t("empty.title")}
        text={t("empty.text")}
        action={
          <Button asChild size="sm">
            <Link to="/ops">{t("empty.action")}</Link>
          </Button>
        }
      />
    </Card>
  );
}

function AlertsButton({ count, onClick }: { readonly count: number; readonly onClick: () => void }) {
  const { t } = useTranslation("dashboard");
  const Icon = count > 0 ? BellRing : Bell;
  return (
    <Button
      size="icon"
      className={count > 0 ? "relative text-bad" : "relative"}
      aria-label={count > 0 ? t("alerts.firing", { count }) : t("alerts.button")}
      title={t("alerts.button")}
      onClick={onClick}
    >
      <Icon className="size-4" aria-hidden />
      {count > 0 && (
        <span
          aria-hidden
          className="absolute -top-1.5 -right-1.5 flex size-4.5 items-center justify-center rounded-full bg-bad text-[0.6875rem] font-semibold text-surface"
        >
          {count}
        </span>
      )}
    </Button>
  );
}

export default function DashboardPage() {
  const { t } = useTranslation(["dashboard", "common"]);
  const format = useFormat();
  const view = useView();
  useLive(view.range);
  const kpi = useKpi(view.range).data;
  const series = useTimeSeries(view.range).data;
  const alerts = useAlerts(view.range);
  const [editing, setEditing] = useState(false);

  const setWall = (wall: boolean) => {
    if (wall) void enterFullScreen();
    view.setWall(wall);
  };
  useWall(view.wall, () => view.setWall(false));
  useShortcuts({ r: view.nextRange, f: () => setWall(!view.wall) });

  useEffect(() => {
    if (!kpi) return;
    const { orders_created, payment_success, payment_failed } = kpi.current.totals;
    announce(
      t("announce", {
        ns: "common",
        orders: format.count(orders_created),
        paid: format.count(payment_success),
        failed: format.count(payment_failed),
        range: t(`range.long.${kpi.current.range.name}`, { ns: "common" }),
      }),
    );
  }, [kpi, t, format]);

  const banner = <AlertBanner alerts={alerts.visible} onHide={alerts.hide} wall={view.wall} />;
  if (view.wall) return <Wall view={view} banner={banner} />;
  return (
    <Page
      title={t("title")}
      note={<WindowNote view={view} />}
      actions={
        <>
          <Segmented
            className="max-sm:order-last max-sm:w-full"
            label={t("range.label", { ns: "common" })}
            value={view.range.range}
            options={RANGES.map((value) => ({ value, label: t(`range.${value}`, { ns: "common" }) }))}
            onValue={view.setRange}
          />
          <Segmented
            label={t("currency")}
            value={view.currency}
            options={view.currencies.map((value) => ({ value, label: value }))}
            onValue={view.setCurrency}
          />
          <AlertsButton count={alerts.active.length} onClick={() => setEditing(true)} />
          <Button
            size="icon"
            className="max-sm:hidden"
            aria-label={t("wall")}
            title={`${t("wall")} (f)`}
            onClick={() => setWall(true)}
          >
            <Maximize2 className="size-4" aria-hidden />
          </Button>
        </>
      }
    >
      {banner}
      {kpi?.newest_event_time === null && <NothingYet />}
      <ErrorBoundary>
        <KpiStrip view={view} />
      </ErrorBoundary>
      <div className="grid gap-3 xl:grid-cols-[minmax(0,1fr)_22rem]">
        <ErrorBoundary>
          <SeriesCard view={view} />
        </ErrorBoundary>
        <div className="grid gap-3 sm:grid-cols-2 xl:grid-cols-1 xl:grid-rows-[auto_1fr]">
          <FunnelCard totals={kpi?.current.totals} />
          <OutcomesCard totals={kpi?.current.totals} />
        </div>
        <ErrorBoundary>
          <TickerCard />
        </ErrorBoundary>
        <CurrenciesCard report={kpi} series={series} />
        <ErrorBoundary>
          <BreakdownCard view={view} />
        </ErrorBoundary>
        <ErrorBoundary>
          <FailuresCard view={view} />
        </ErrorBoundary>
      </div>
      <AlertsDialog open={editing} onClose={() => setEditing(false)} currencies={view.currencies} />
    </Page>
  );
}
