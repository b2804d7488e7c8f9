import "./i18n";

import { focusManager } from "@tanstack/react-query";
import { useCallback, useEffect } from "react";
import { useTranslation } from "react-i18next";

import { Page } from "@/components/layout/page";
import { Card } from "@/components/ui/card";
import { Skeleton } from "@/components/ui/skeleton";
import { EmptyState, ErrorState, StaleNote } from "@/components/ui/states";
import { useTimeZone } from "@/lib/preferences";
import { useLive, useSystemHealth } from "@/lib/queries";
import type { Health } from "@/lib/types";
import { useFormat } from "@/lib/locale/use-format";
import { useFreshness } from "@/lib/live/use-freshness";
import { useSteadyError } from "@/lib/page/use-steady-error";

import { CheckpointsCard } from "./checkpoints-card";
import { ChecksCard } from "./checks-card";
import { ComponentsCard } from "./components/components-card";
import { figuresKnown } from "./headline";
import { HeadlineBanner } from "./headline-banner";
import { IncidentsCard } from "./incidents-card";
import { PlotsCard } from "./plots/plots-card";
import { RejectsCard } from "./rejects-card";

const TOPICS = ["health"] as const;
const REREAD_MS = 4_000;

export default function OpsPage() {
  const { t } = useTranslation("ops");
  const format = useFormat();
  const timeZone = useTimeZone();
  useLive({ range: "15m", tz: timeZone }, TOPICS);
  const query = useSystemHealth();
  const { data, refetch } = query;
  const error = useSteadyError(query);
  const reread = useCallback(() => void refetch(), [refetch]);
  const link = useFreshness(1_000).state;
  // Heartbeats are at most seconds old, so the report must be, too.
  useEffect(() => {
    const timer = setInterval(() => {
      if (focusManager.isFocused()) reread();
    }, REREAD_MS);
    return () => clearInterval(timer);
  }, [reread]);

  return (
    <Page title={t("title")} note={t("note")}>
      {data && query.error && <StaleNote>{t("stale", { time: format.time(data.as_of) })}</StaleNote>}
      {data && !query.error && link === "disconnected" && <StaleNote>{t("offline")}</StaleNote>}
      {data ? (
        <Report health={data} reread={reread} />
      ) : error ? (
        <Card>
          <ErrorState error={error} onRetry={reread} />
        </Card>
      ) : (
        <ReportSkeleton />
      )}
    </Page>
  );
}

function Report({ health, reread }: { readonly health: Health; readonly reread: () => void }) {
  const { t } = useTranslation("ops");
  return (
    <>
      <HeadlineBanner health={health} />
      <IncidentsCard incidents={health.incidents} />
      <ComponentsCard health={health} reread={reread} />
      {figuresKnown(health) ? (
        <>
          <PlotsCard health={health} />
          <div className="grid items-start gap-4 lg:grid-cols-2">
            <div className="flex flex-col gap-4">
              <CheckpointsCard queries={health.queries} />
              <RejectsCard health={health} />
            </div>
            <ChecksCard checks={health.checks} />
          </div>
        </>
      ) : (
        <>
          <Card>
            <EmptyState title={t("figures.unknownTitle")} text={t("figures.unknownText")} />
          </Card>
          <ChecksCard checks={health.checks} />
        </>
      )}
    </>
  );
}

function ReportSkeleton() {
  const { t } = useTranslation("common");
  return (
    <div role="status" aria-label={t("state.loading")} className="flex flex-col gap-4">
      <Card className="flex items-center gap-4 px-5 py-4">
        <Skeleton className="size-11 rounded-full" />
        <div className="flex flex-1 flex-col gap-2">
          <Skeleton className="h-5 w-64 max-w-full" />
          <Skeleton className="h-4 w-80 max-w-full" />
        </div>
      </Card>
      <Card className="divide-y divide-line">
        {Array.from({ length: 8 }, (_, index) => (
          <div key={index} className="flex items-center gap-6 px-4 py-3.5">
            <Skeleton className="h-6 w-20 rounded-full" />
            <Skeleton className="h-8 flex-1" />
            <Skeleton className="h-4 w-16" />
          </div>
        ))}
      </Card>
      <Card className="p-4">
        <Skeleton className="h-52 w-full" />
      </Card>
    </div>
  );
}
