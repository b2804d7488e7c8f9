import { ChevronRight } from "lucide-react";
import { useId, useState } from "react";
import { useTranslation } from "react-i18next";

import { Badge } from "@/components/ui/badge";
import { Time } from "@/components/ui/time";
import { cn } from "@/lib/cn";
import { useAgo } from "@/lib/live/use-ago";
import { useFormat } from "@/lib/locale/use-format";
import type { SourceStatus } from "@/lib/types";

import { Connect } from "./connect";
import { type Count, COUNTS, CountList, TONE } from "./count-list";
import { FailedList } from "./failed-list";
import { MapAgain } from "./again/map-again";
import { TryForm } from "./try/try-form";

interface SourceItemProps {
  readonly source: SourceStatus;
  readonly open: boolean;
  readonly onToggle: () => void;
}

/** One source: a line that opens to how it is connected, what came from it, and a message to try. */
export function SourceItem({ source, open, onToggle }: SourceItemProps) {
  const { t } = useTranslation("sources");
  const id = useId();
  return (
    <li>
      <h3>
        <button
          type="button"
          aria-expanded={open}
          aria-controls={open ? id : undefined}
          onClick={onToggle}
          className="flex w-full flex-wrap items-center gap-x-3 gap-y-1 px-4 py-3 text-left hover:bg-sunken/60 focus-visible:-outline-offset-2"
        >
          <span className="flex min-w-0 flex-1 basis-40 flex-wrap items-center gap-x-2 gap-y-1">
            <ChevronRight
              aria-hidden
              className={cn("size-4 shrink-0 text-ink-3 transition-transform", open && "rotate-90")}
            />
            <span translate="no" className="min-w-0 font-medium break-words">
              {source.title}
            </span>
            {source.own && <Badge>{t("own")}</Badge>}
            {source.fault !== null && <Badge tone="bad">{t("unusable")}</Badge>}
            {source.connected && !source.secret_set && <Badge tone="warn">{t("noSecret")}</Badge>}
          </span>
          {source.connected && <Summary source={source} />}
        </button>
      </h3>
      {open && <Details id={id} source={source} />}
    </li>
  );
}

function Summary({ source }: { readonly source: SourceStatus }) {
  const { t } = useTranslation("sources");
  const format = useFormat();
  const ago = useAgo(1_000);
  const shown = COUNTS.filter((name: Count) => name === "accepted" || source.last_hour[name] > 0);
  return (
    <span className="flex flex-wrap items-center gap-x-4 gap-y-1 text-[0.8125rem] max-sm:w-full max-sm:pl-6">
      <span className="flex flex-wrap gap-x-3">
        <span className="sr-only">{t("hour")}: </span>
        {shown.map((name) => (
          <span key={name} className="whitespace-nowrap text-ink-2">
            <span className={cn("font-semibold", source.last_hour[name] > 0 && TONE[name])}>
              {format.count(source.last_hour[name])}
            </span>{" "}
            {t(`count.${name}`)}
          </span>
        ))}
      </span>
      <span className="min-w-40 text-ink-3 sm:text-right">
        {source.last_received_at === null ? (
          t("never")
        ) : (
          <Time at={source.last_received_at}>{t("received", { lag: ago(source.last_received_at) })}</Time>
        )}
      </span>
    </span>
  );
}

function Details({ id, source }: { readonly id: string; readonly source: SourceStatus }) {
  // "Try this message" fills the form; a new key starts it again.
  const [tried, setTried] = useState({ key: 0, payload: "" });
  return (
    <div id={id} className="flex flex-col gap-6 border-t border-line/70 bg-canvas/50 px-4 pt-4 pb-5 sm:pl-10">
      <div className="grid gap-6 lg:grid-cols-2">
        <Connect source={source} />
        <CountList source={source} />
      </div>
      {source.fault === null && (
        <>
          <MapAgain source={source} />
          <FailedList source={source.name} onTry={(payload) => setTried(({ key }) => ({ key: key + 1, payload }))} />
          <TryForm key={tried.key} source={source} payload={tried.payload} asked={tried.key > 0} />
        </>
      )}
    </div>
  );
}
