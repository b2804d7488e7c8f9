import { ChevronRight, CircleAlert, CircleCheck, CircleX, ExternalLink } from "lucide-react";
import { useTranslation } from "react-i18next";

import { Badge } from "@/components/ui/badge";
import { TitledCard } from "@/components/ui/card";
import { StaleNote } from "@/components/ui/states";
import { cn } from "@/lib/cn";
import type { CheckResult } from "@/lib/types";
import { useFormat } from "@/lib/locale/use-format";

import { type AssetChecks, groupChecks } from "./checks";
import { ServerText } from "@/components/ui/server-text";
import { useAgo } from "@/lib/live/use-ago";

/** The last result of each check, by asset; null while Dagster does not answer. What failed stands first and open. */
export function ChecksCard({ checks }: { readonly checks: readonly CheckResult[] | null }) {
  const { t } = useTranslation("ops");
  const format = useFormat();
  const passed = checks?.filter((check) => check.passed).length ?? 0;
  return (
    <TitledCard
      title={t("checks.title")}
      note={
        checks && checks.length > 0
          ? t("checks.summary", { passed: format.count(passed), total: format.count(checks.length) })
          : undefined
      }
    >
      {checks === null && <StaleNote>{t("checks.unknown")}</StaleNote>}
      {checks?.length === 0 && <p className="py-2 text-[0.8125rem] text-ink-2">{t("checks.none")}</p>}
      <div className="divide-y divide-line/70">
        {checks && groupChecks(checks).map((group) => <Group key={group.asset} group={group} />)}
      </div>
    </TitledCard>
  );
}

function Group({ group }: { readonly group: AssetChecks }) {
  const { t } = useTranslation("ops");
  const format = useFormat();
  const { asset, failed, checks } = group;
  const passed = checks.length - failed;
  return (
    <details open={failed > 0} className="group">
      <summary className="flex min-h-9 cursor-pointer list-none items-center gap-2 py-1.5 text-[0.8125rem] [&::-webkit-details-marker]:hidden">
        <ChevronRight aria-hidden className="size-3.5 shrink-0 text-ink-3 transition-transform group-open:rotate-90" />
        <span className="min-w-0 flex-1 truncate font-mono font-medium">{asset}</span>
        {failed > 0 && <Badge tone="bad">{t("checks.failed", { count: failed, n: format.count(failed) })}</Badge>}
        {passed > 0 && (
          <span className="flex items-center gap-1 text-xs text-ink-3">
            <CircleCheck aria-hidden className="size-3.5 text-good" />
            {t("checks.passed", { count: passed, n: format.count(passed) })}
          </span>
        )}
      </summary>
      <ul className="pb-2">
        {checks.map((check) => (
          <Check key={check.name} check={check} />
        ))}
      </ul>
    </details>
  );
}

function Check({ check }: { readonly check: CheckResult }) {
  const { t } = useTranslation("ops");
  const ago = useAgo(5_000);
  const { passed, severity, name } = check;
  const Icon = passed ? CircleCheck : severity === "ERROR" ? CircleX : CircleAlert;
  const tone = passed ? "text-good" : severity === "ERROR" ? "text-bad" : "text-warn";
  return (
    <li className="flex items-start gap-2 rounded-lg py-1.5 pl-5.5 text-[0.8125rem]">
      <Icon aria-hidden className={cn("mt-0.5 size-3.5 shrink-0", tone)} />
      <div className="min-w-0 flex-1">
        <p className="flex flex-wrap items-baseline gap-x-2">
          <span className={cn(passed ? "sr-only" : "font-medium", tone)}>
            {t(`checks.result.${passed ? "passed" : severity}`)}
          </span>
          <span className="font-mono break-all">{name}</span>
          <span className="text-xs text-ink-3">{t("checks.evaluated", { lag: ago(check.evaluated_at) })}</span>
        </p>
        <ServerText text={check.text} className="break-words text-ink-2" />
      </div>
      <a
        href={check.url}
        target="_blank"
        rel="noreferrer"
        aria-label={t("checks.open", { name })}
        title={t("checks.open", { name })}
        className="rounded-md p-1 text-ink-3 hover:bg-sunken hover:text-ink"
      >
        <ExternalLink aria-hidden className="size-3.5" />
      </a>
    </li>
  );
}
