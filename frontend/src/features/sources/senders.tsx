import { useTranslation } from "react-i18next";

import { TitledCard } from "@/components/ui/card";
import { Time } from "@/components/ui/time";
import { cn } from "@/lib/cn";
import { useAgo } from "@/lib/live/use-ago";
import { useFormat } from "@/lib/locale/use-format";
import type { SenderStatus } from "@/lib/types";

import { TONE } from "./count-list";

/** The programs that send events, by the names of their keys. */
export function Senders({ senders }: { readonly senders: readonly SenderStatus[] }) {
  const { t } = useTranslation("sources");
  if (senders.length === 0) return null;
  return (
    <TitledCard title={t("senders.title")} note={t("senders.note")} bodyClassName="px-0 pb-1">
      <ul className="divide-y divide-line border-t border-line">
        {senders.map((sender) => (
          <Sender key={sender.name} sender={sender} />
        ))}
      </ul>
    </TitledCard>
  );
}

function Sender({ sender }: { readonly sender: SenderStatus }) {
  const { t } = useTranslation("sources");
  const ago = useAgo(1_000);
  const { name, accepted, rejected, received, last_received_at: at } = sender;
  return (
    <li className="flex flex-wrap items-center gap-x-4 gap-y-1 px-4 py-3 text-[0.8125rem] sm:pl-11">
      <span translate="no" className="min-w-0 flex-1 basis-40 text-base font-medium break-words">
        {name}
      </span>
      <span className="flex flex-wrap gap-x-3">
        {accepted === null || rejected === null ? (
          <Figure n={received} text={t("senders.received")} />
        ) : (
          <>
            <Figure n={accepted} text={t("count.accepted")} tone={TONE.accepted} />
            <Figure n={rejected} text={t("count.rejected")} tone={TONE.rejected} />
          </>
        )}
      </span>
      <span className="min-w-40 text-ink-3 max-sm:w-full sm:text-right">
        {at === null ? t("never") : <Time at={at}>{t("received", { lag: ago(at) })}</Time>}
      </span>
    </li>
  );
}

function Figure({ n, text, tone = "" }: { readonly n: number; readonly text: string; readonly tone?: string }) {
  const format = useFormat();
  return (
    <span className="whitespace-nowrap text-ink-2">
      <span className={cn("font-semibold", n > 0 && tone)}>{format.count(n)}</span> {text}
    </span>
  );
}
