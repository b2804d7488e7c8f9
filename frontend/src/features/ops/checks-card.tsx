import { ChevronRight, CircleCheck } from "lucide-react";
import { useTranslation } from "react-i18next";

import { Badge } from "@/components/ui/badge";
import { TitledCard } from "@/components/ui/card";
import { CheckItem } from "@/components/ui/check-item";
import { StaleNote } from "@/components/ui/states";
import type { CheckResult } from "@/lib/types";
import { useFormat } from "@/lib/locale/use-format";

import { type AssetChecks, groupChecks } from "./checks";

/** The last result of each check, by asset; null while Dagster does not answer. What failed stands first and open. */
export function ChecksCard({ checks }: { readonly checks: readonly CheckResult[] | null }) {
  const { t } = useTranslation(["ops", "common"]);
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
      {checks === null && <StaleNote>{t("common:check.unknown")}</StaleNote>}
      {checks?.length === 0 && <p className="py-2 text-[0.8125rem] text-ink-2">{t("common:check.none")}</p>}
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
      <ul className="pb-2 pl-5.5">
        {checks.map((check) => (
          <CheckItem key={check.name} check={check} />
        ))}
      </ul>
    </details>
  );
}
