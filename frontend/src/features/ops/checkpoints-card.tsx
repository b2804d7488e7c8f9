import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";

import { TitledCard } from "@/components/ui/card";
import { DASH } from "@/lib/locale/format";
import type { QueryHealth } from "@/lib/types";
import { useFormat } from "@/lib/locale/use-format";

import { useAgo } from "@/lib/live/use-ago";

export function CheckpointsCard({ queries }: { readonly queries: readonly QueryHealth[] }) {
  const { t } = useTranslation("ops");
  return (
    <TitledCard title={t("checkpoints.title")}>
      <div className="grid gap-x-8 gap-y-4 sm:grid-cols-2">
        {queries.map((query) => (
          <Query key={query.name} query={query} />
        ))}
      </div>
    </TitledCard>
  );
}

function Query({ query }: { readonly query: QueryHealth }) {
  const { t } = useTranslation("ops");
  const format = useFormat();
  const ago = useAgo();
  const { batch_id: batch, lag_records: lag, input_rate: input, processed_rate: processed } = query;
  const or = <T,>(value: T | null, written: (value: T) => string) => (value === null ? DASH : written(value));
  const short = (value: number) => format.countShort(value);
  return (
    <section aria-label={query.name}>
      <h3 className="mb-1 font-mono text-[0.8125rem] font-medium">{query.name}</h3>
      {batch === null ? (
        <p className="text-[0.8125rem] text-ink-2">{t("checkpoints.none")}</p>
      ) : (
        <dl className="divide-y divide-line/70 text-[0.8125rem]">
          <Line name={t("checkpoints.batch")}>{format.count(batch)}</Line>
          <Line name={t("checkpoints.committed")}>
            {or(query.committed_at, (at) => t("checkpoints.ago", { lag: ago(at) }))}
          </Line>
          <Line name={t("checkpoints.duration")}>
            {or(query.batch_ms, (ms) => t("plots.milliseconds", { value: format.count(ms) }))}
          </Line>
          <Line name={t("checkpoints.lag")}>
            {or(lag, (count) => t("checkpoints.records", { count, n: format.count(count) }))}
          </Line>
          <Line name={t("checkpoints.rates")}>
            {t("checkpoints.rate", { in: or(input, short), out: or(processed, short) })}
          </Line>
          <Line name={t("checkpoints.size")}>{or(query.checkpoint_bytes, (bytes) => format.bytes(bytes))}</Line>
          <Line name={t("checkpoints.age")}>
            {or(query.checkpoint_age_s, (age) => t("checkpoints.ago", { lag: format.duration(age) }))}
          </Line>
        </dl>
      )}
    </section>
  );
}

function Line({ name, children }: { readonly name: string; readonly children: ReactNode }) {
  return (
    <div className="flex min-h-8 items-center justify-between gap-3 py-1">
      <dt className="text-ink-3">{name}</dt>
      <dd className="text-right">{children}</dd>
    </div>
  );
}
