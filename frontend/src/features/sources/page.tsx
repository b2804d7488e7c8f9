import "./i18n";

import { getRouteApi } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";

import { Page } from "@/components/layout/page";
import { Card, TitledCard } from "@/components/ui/card";
import { Skeleton } from "@/components/ui/skeleton";
import { EmptyState, ErrorState, StaleNote } from "@/components/ui/states";
import { useFormat } from "@/lib/locale/use-format";
import { useSteadyError } from "@/lib/page/use-steady-error";
import { useTimeZone } from "@/lib/preferences";
import { useLive, useSources } from "@/lib/queries";
import type { SourceList, SourceStatus } from "@/lib/types";

import { Guards } from "./guards";
import { Senders } from "./senders";
import { SourceItem } from "./source-item";

const TOPICS = ["health"] as const;
const route = getRouteApi("/sources");

export default function SourcesPage() {
  const { t } = useTranslation("sources");
  const timeZone = useTimeZone();
  useLive({ range: "15m", tz: timeZone }, TOPICS);
  const query = useSources();
  const { data, refetch } = query;
  const error = useSteadyError(query);
  return (
    <Page title={t("title")} note={t("note")}>
      {data && query.error && <StaleNote>{t("stale")}</StaleNote>}
      {data ? (
        <Sources list={data} />
      ) : error ? (
        <Card>
          <ErrorState error={error} onRetry={() => void refetch()} />
        </Card>
      ) : (
        <SourcesSkeleton />
      )}
    </Page>
  );
}

function Sources({ list }: { readonly list: SourceList }) {
  const { t } = useTranslation("sources");
  const format = useFormat();
  const connected = list.sources.filter((source) => source.connected);
  return (
    <>
      {connected.length === 0 && list.senders.length === 0 && (
        <Card>
          <EmptyState title={t("emptyTitle")} text={t("emptyText")} />
        </Card>
      )}
      {connected.length > 0 && (
        <Group title={t("connected")} note={t("since", { time: format.dateMinute(list.since) })} sources={connected} />
      )}
      <Senders senders={list.senders} />
      <Guards />
      <Group title={t("others")} sources={list.sources.filter((source) => !source.connected)} />
    </>
  );
}

interface GroupProps {
  readonly title: string;
  readonly note?: string;
  readonly sources: readonly SourceStatus[];
}

function Group({ title, note, sources }: GroupProps) {
  const { source: open } = route.useSearch();
  const navigate = route.useNavigate();
  if (sources.length === 0) return null;
  return (
    <TitledCard title={title} note={note} bodyClassName="px-0 pb-1">
      <ul className="divide-y divide-line border-t border-line">
        {sources.map((source) => (
          <SourceItem
            key={source.name}
            source={source}
            open={source.name === open}
            onToggle={() =>
              void navigate({
                search: source.name === open ? {} : { source: source.name },
                resetScroll: false,
              })
            }
          />
        ))}
      </ul>
    </TitledCard>
  );
}

function SourcesSkeleton() {
  const { t } = useTranslation();
  return (
    <div role="status" aria-label={t("state.loading")}>
      <Card className="divide-y divide-line">
        {Array.from({ length: 7 }, (_, index) => (
          <div key={index} className="flex items-center gap-6 px-4 py-3.5">
            <Skeleton className="h-6 w-40" />
            <Skeleton className="ml-auto h-5 w-28" />
          </div>
        ))}
      </Card>
    </div>
  );
}
