import { LoaderCircle } from "lucide-react";
import { useTranslation } from "react-i18next";

import { SOFT_TONE } from "@/components/ui/badge";
import { Button } from "@/components/ui/button";
import { OutLink } from "@/components/ui/out-link";
import { useErrorText } from "@/components/ui/states";
import { cn } from "@/lib/cn";
import { useFormat } from "@/lib/locale/use-format";
import { useAbout } from "@/lib/queries";
import type { ReplayCounts, RunOutcome, SourceStatus } from "@/lib/types";

import { Section } from "../section";
import { useMapAgain } from "../use-sources";

/** Messages that did not map, for the source as it is now. */
export function MapAgain({ source }: { readonly source: SourceStatus }) {
  const { t } = useTranslation("sources");
  const format = useFormat();
  const errorText = useErrorText();
  const mayOperate = useAbout().data?.scopes.includes("operate") ?? false;
  const { ask, run, underway } = useMapAgain(source.name);
  const { waiting } = source;
  const some = waiting !== null && waiting > 0;
  return (
    <Section title={t("again.title")}>
      <p className="text-[0.8125rem] text-ink-2">
        {waiting === null && t("again.unknown")}
        {waiting === 0 && t("again.none")}
        {some && (
          <>
            <span className="font-medium text-ink">
              {t("again.waiting", { count: waiting, n: format.count(waiting) })}
            </span>{" "}
            {t("again.hint")}
          </>
        )}
      </p>
      {some &&
        (mayOperate ? (
          <Button size="sm" className="mt-2" disabled={underway} onClick={() => ask.mutate()}>
            {ask.isPending ? t("again.asking") : t("again.run")}
          </Button>
        ) : (
          <p className="mt-1 text-xs text-ink-3">{t("again.noScope")}</p>
        ))}
      {ask.error && (
        <p role="alert" className="mt-2 text-[0.8125rem] text-bad">
          {errorText(ask.error)}
        </p>
      )}
      {ask.data && (
        <div
          className={cn(
            "mt-2 flex flex-wrap items-center gap-x-3 gap-y-1 rounded-lg px-3 py-1.5 text-[0.8125rem]",
            SOFT_TONE[toneOf(run.data)],
          )}
        >
          {underway && <LoaderCircle aria-hidden className="size-3.5 animate-spin" />}
          <div role="status" className="min-w-0">
            {run.error && !run.data ? t("again.lost", { reason: errorText(run.error) }) : <Progress run={run.data} />}
          </div>
          {ask.data.url.startsWith("http") && (
            <OutLink
              url={ask.data.url}
              text={t("again.page")}
              className="font-medium underline-offset-2 hover:underline"
            />
          )}
        </div>
      )}
    </Section>
  );
}

const toneOf = (run: RunOutcome | undefined) =>
  run === undefined || run.state === "underway" ? "accent" : run.state === "failed" ? "bad" : "good";

function Progress({ run }: { readonly run: RunOutcome | undefined }) {
  const { t } = useTranslation("sources");
  if (run === undefined || run.state === "underway") return t("again.underway");
  if (run.state === "failed") return t("again.failed");
  return <Outcome counts={run.replay} />;
}

const COUNTS = [
  "mapped",
  "admitted",
  "duplicate",
  "without_event",
  "refused",
  "expired",
  "unmapped",
  "cut",
] as const satisfies readonly (keyof ReplayCounts)[];

/** What became of the messages: each count that is not zero. */
function Outcome({ counts }: { readonly counts: ReplayCounts | null }) {
  const { t } = useTranslation("sources");
  const format = useFormat();
  const shown = COUNTS.filter((name) => counts !== null && counts[name] > 0);
  if (counts === null || shown.length === 0) return t("again.nothing");
  return (
    <>
      {t("again.done")}
      <ul className="ml-4 list-disc">
        {shown.map((name) => (
          <li key={name}>{t(`outcome.${name}`, { count: counts[name], n: format.count(counts[name]) })}</li>
        ))}
      </ul>
    </>
  );
}
