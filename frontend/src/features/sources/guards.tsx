import { useTranslation } from "react-i18next";

import { TitledCard } from "@/components/ui/card";
import { CheckItem } from "@/components/ui/check-item";
import { StaleNote } from "@/components/ui/states";
import { useSystemHealth } from "@/lib/queries";

/** The checks for mistakes of senders in events that fit the contract. */
export const GUARDS = ["duplicate_content", "order_ids", "double_payments", "unusual_amounts"];

/** Their last results, failed ones first; null while Dagster does not answer. Nothing while the health is unknown. */
export function Guards() {
  const { t } = useTranslation(["sources", "common"]);
  const { data: health } = useSystemHealth();
  if (!health) return null;
  const found = health.checks?.filter((check) => GUARDS.includes(check.name));
  const ordered = found?.sort((a, b) => Number(a.passed) - Number(b.passed) || a.name.localeCompare(b.name));
  return (
    <TitledCard title={t("guards.title")} note={t("guards.note")}>
      {!ordered && <StaleNote>{t("common:check.unknown")}</StaleNote>}
      {ordered?.length === 0 && <p className="py-2 text-[0.8125rem] text-ink-2">{t("common:check.none")}</p>}
      <ul className="divide-y divide-line/70">
        {ordered?.map((check) => (
          <CheckItem key={check.name} check={check} />
        ))}
      </ul>
    </TitledCard>
  );
}
