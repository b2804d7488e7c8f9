import { ChevronRight, CircleCheck } from "lucide-react";
import { useTranslation } from "react-i18next";

import { Badge } from "@/components/ui/badge";
import { Button } from "@/components/ui/button";
import { CopyButton } from "@/components/ui/copy-button";
import { ServerText } from "@/components/ui/server-text";
import { Skeleton } from "@/components/ui/skeleton";
import { ErrorState } from "@/components/ui/states";
import { Time } from "@/components/ui/time";
import { useFormat } from "@/lib/locale/use-format";
import { useSteadyError } from "@/lib/page/use-steady-error";
import { prettyJson, visible } from "@/lib/payload";
import type { FailedMessage } from "@/lib/types";

import { Reason } from "./reason";
import { Section } from "./section";
import { useFailedMessages } from "./use-sources";

interface FailedListProps {
  readonly source: string;
  readonly onTry: (payload: string) => void;
}

/** The newest messages that became no accepted event: when, why, and how they begin. */
export function FailedList({ source, onTry }: FailedListProps) {
  const { t } = useTranslation("sources");
  const format = useFormat();
  const query = useFailedMessages(source);
  const error = useSteadyError(query, source);
  const { data } = query;
  return (
    <Section
      title={t("failed.title")}
      note={data && t("failed.note", { n: format.count(data.limit), time: format.dateMinute(data.since) })}
    >
      {data?.items.length === 0 && (
        <p className="flex items-center gap-2 text-[0.8125rem] text-ink-2">
          <CircleCheck aria-hidden className="size-4 shrink-0 text-good" />
          {t("failed.none")}
        </p>
      )}
      {data && data.items.length > 0 && (
        <ul className="divide-y divide-line/70 rounded-lg border border-line bg-surface">
          {data.items.map((message) => (
            <Failed
              key={`${message.received_at} ${message.reason} ${message.payload_bytes}`}
              message={message}
              onTry={onTry}
            />
          ))}
        </ul>
      )}
      {!data && (error ? <ErrorState error={error} /> : <Skeleton className="h-9 w-full" />)}
    </Section>
  );
}

interface FailedProps {
  readonly message: FailedMessage;
  readonly onTry: (payload: string) => void;
}

function Failed({ message, onTry }: FailedProps) {
  const { t } = useTranslation("sources");
  const format = useFormat();
  const { outcome, reason, detail, payload, payload_bytes: size, payload_truncated: truncated } = message;
  const shown = visible((truncated ? null : prettyJson(payload)) ?? payload);
  return (
    <li>
      <details className="group">
        <summary className="flex min-h-10 cursor-pointer list-none flex-wrap items-center gap-x-3 gap-y-1 px-3 py-2 text-[0.8125rem] [&::-webkit-details-marker]:hidden">
          <ChevronRight
            aria-hidden
            className="size-3.5 shrink-0 text-ink-3 transition-transform group-open:rotate-90"
          />
          <Time at={message.received_at} className="w-16 shrink-0 text-ink-2">
            {format.time(message.received_at)}
          </Time>
          <Badge tone={outcome === "rejected" ? "bad" : "warn"}>{t(`failed.${outcome}`)}</Badge>
          <span className="min-w-0 flex-1 basis-40 break-words">
            <Reason outcome={outcome} code={reason} />
          </span>
          <code
            aria-hidden
            dir="ltr"
            className="min-w-0 flex-[2] basis-64 truncate font-mono text-xs text-ink-3 group-open:invisible max-md:hidden"
          >
            {visible(payload.slice(0, 160))}
          </code>
        </summary>
        <div className="flex flex-col gap-2 px-3 pb-3 sm:pl-9">
          <ServerText text={detail} className="text-[0.8125rem] break-words text-ink-2" />
          <pre
            // Long lines and long texts scroll, with the keyboard too.
            // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex
            tabIndex={0}
            aria-label={t("failed.payload")}
            dir="ltr"
            className="max-h-80 overflow-auto rounded-lg border border-line bg-sunken px-3 py-2.5 font-mono text-xs leading-relaxed break-words whitespace-pre-wrap text-ink"
          >
            {shown}
          </pre>
          <div className="flex flex-wrap items-center gap-2 text-xs text-ink-3">
            {truncated ? (
              <span>
                {t("failed.truncated", {
                  shown: format.bytes(new TextEncoder().encode(payload).length),
                  size: format.bytes(size),
                })}
              </span>
            ) : (
              <Button size="sm" onClick={() => onTry(payload)}>
                {t("failed.try")}
              </Button>
            )}
            <CopyButton text={payload} label={t("failed.payload")} />
            <span>{t("failed.sender")}</span>
          </div>
        </div>
      </details>
    </li>
  );
}
