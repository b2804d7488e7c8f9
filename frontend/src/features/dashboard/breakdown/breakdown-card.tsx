import { type ReactNode, useState } from "react";
import { useTranslation } from "react-i18next";

import { TitledCard } from "@/components/ui/card";
import { Segmented } from "@/components/ui/segmented";
import { Skeleton } from "@/components/ui/skeleton";
import { ErrorState } from "@/components/ui/states";
import type { BreakdownField } from "@/lib/api";
import { useBreakdown } from "@/lib/queries";
import type { BreakdownValue } from "@/lib/types";

import type { View } from "../use-view";
import { BreakdownTable } from "./breakdown-table";

/** Failure reasons have a card of their own. */
const FIELDS = ["payment_method", "channel", "country"] as const satisfies readonly BreakdownField[];
const SHOWN = 8;

interface BodyProps {
  readonly query: ReturnType<typeof useBreakdown>;
  readonly currency: string;
  readonly isShown: (value: BreakdownValue) => boolean;
  readonly empty: string;
  readonly children: (values: readonly BreakdownValue[]) => ReactNode;
}

function Body({ query, currency, isShown, empty, children }: BodyProps) {
  const { data, error, refetch } = query;
  if (!data) {
    if (error) return <ErrorState error={error} onRetry={() => void refetch()} />;
    return <Skeleton className="h-44 w-full" />;
  }
  const values = data.currencies.find((each) => each.currency === currency)?.values.filter(isShown) ?? [];
  return values.length > 0 ? children(values) : <p className="text-xs text-ink-3">{empty}</p>;
}

function More({ hidden, onClick }: { readonly hidden: number; readonly onClick: () => void }) {
  const { t } = useTranslation("dashboard");
  if (hidden <= 0) return null;
  return (
    <button type="button" className="mt-2 text-xs font-medium text-accent hover:underline" onClick={onClick}>
      {t("series.more", { count: hidden })}
    </button>
  );
}

/** Revenue of the currency by payment method, channel or country, with shares and success rates. */
export function BreakdownCard({ view }: { readonly view: View }) {
  const { t } = useTranslation("dashboard");
  const [by, setBy] = useState<(typeof FIELDS)[number]>("payment_method");
  const [all, setAll] = useState(false);
  const query = useBreakdown(view.range, by);
  const shown = query.data?.by ?? by;
  return (
    <TitledCard
      title={t("breakdown.title")}
      note={view.currency}
      actions={
        <Segmented
          label={t("breakdown.title")}
          value={by}
          options={FIELDS.map((value) => ({ value, label: t(`breakdown.by.${value}`) }))}
          onValue={setBy}
        />
      }
    >
      <Body query={query} currency={view.currency} isShown={() => true} empty={t("breakdown.none")}>
        {(values) => (
          <>
            <BreakdownTable
              label={t("breakdown.title")}
              by={shown}
              values={all ? values : values.slice(0, SHOWN)}
              currency={view.currency}
              figure="revenue"
            />
            <More hidden={all ? 0 : values.length - SHOWN} onClick={() => setAll(true)} />
          </>
        )}
      </Body>
    </TitledCard>
  );
}

/** Failed payments of the currency by the gateway's reason. */
export function FailuresCard({ view }: { readonly view: View }) {
  const { t } = useTranslation("dashboard");
  const [all, setAll] = useState(false);
  const query = useBreakdown(view.range, "failure_reason");
  const failed = ({ current, previous }: BreakdownValue) => current.payment_failed + previous.payment_failed > 0;
  return (
    <TitledCard title={t("breakdown.failures")} note={view.currency}>
      <Body query={query} currency={view.currency} isShown={failed} empty={t("breakdown.noFailures")}>
        {(values) => (
          <>
            <BreakdownTable
              label={t("breakdown.failures")}
              by="failure_reason"
              values={all ? values : values.slice(0, SHOWN)}
              currency={view.currency}
              figure="payment_failed"
            />
            <More hidden={all ? 0 : values.length - SHOWN} onClick={() => setAll(true)} />
          </>
        )}
      </Body>
    </TitledCard>
  );
}
