import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";

import { ServerText } from "@/components/ui/server-text";
import { cn } from "@/lib/cn";
import { useAgo } from "@/lib/live/use-ago";
import { useFormat } from "@/lib/locale/use-format";
import type { SourceStatus } from "@/lib/types";

import { en } from "./i18n/en";
import { Section } from "./section";

export type Count = keyof SourceStatus["last_hour"];
export const COUNTS: readonly Count[] = ["accepted", "rejected", "unmapped", "refused", "without_event"];
export const TONE: Readonly<Record<Count, string>> = {
  accepted: "text-good",
  rejected: "text-bad",
  unmapped: "text-warn",
  refused: "text-bad",
  without_event: "text-ink",
};

type Refused = NonNullable<SourceStatus["last_refused"]>;
const isKnown = (code: string): code is Exclude<keyof typeof en.refusal, "title" | "other"> =>
  code in en.refusal && code !== "title" && code !== "other";

/** What became of the messages of the last hour, each count with its definition. */
export function CountList({ source }: { readonly source: SourceStatus }) {
  const { t } = useTranslation("sources");
  const format = useFormat();
  return (
    <Section
      title={t("hour")}
      note={
        <Link
          to="/events"
          search={{ tab: "rejected", source: [source.name] }}
          className="rounded-md font-medium text-accent hover:underline"
        >
          {t("records")}
        </Link>
      }
    >
      <dl className="flex flex-col gap-1.5 text-[0.8125rem]">
        {COUNTS.map((name) => (
          <div key={name} className="grid grid-cols-[3.25rem_minmax(0,1fr)] gap-x-3">
            <dd
              className={cn(
                "order-first text-right text-base leading-5 font-semibold",
                source.last_hour[name] > 0 ? TONE[name] : "text-ink-3",
              )}
            >
              {format.count(source.last_hour[name])}
            </dd>
            <dt className="text-ink-2">
              <span className="font-medium text-ink">{t(`count.${name}`)}</span>
              <span className="block text-xs text-ink-3">{t(`meaning.${name}`)}</span>
            </dt>
          </div>
        ))}
      </dl>
      {source.last_refused && <LastRefused refusal={source.last_refused} />}
    </Section>
  );
}

function LastRefused({ refusal: { at, code, detail } }: { readonly refusal: Refused }) {
  const { t } = useTranslation("sources");
  const ago = useAgo(1_000);
  return (
    <div className="mt-3 rounded-lg bg-bad-soft px-3 py-2 text-[0.8125rem] text-bad">
      <p className="font-medium">{t("refusal.title", { lag: ago(at) })}</p>
      {isKnown(code) ? (
        <p>{t(`refusal.${code}`)}</p>
      ) : (
        <>
          <p>{t("refusal.other", { code })}</p>
          <ServerText text={detail} className="break-words" />
        </>
      )}
    </div>
  );
}
