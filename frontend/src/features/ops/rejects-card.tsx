import { Link } from "@tanstack/react-router";
import { CircleCheck } from "lucide-react";
import { useTranslation } from "react-i18next";

import { TitledCard } from "@/components/ui/card";
import type { Health, RejectReason } from "@/lib/types";
import { useFormat } from "@/lib/locale/use-format";

import { en } from "@/i18n/en";
import { type ReasonShare, rejectsOf } from "./rejects";

const isReason = (reason: string): reason is RejectReason => reason in en.reason;

/** Why records were rejected, the most frequent reason first. Each leads to its records. */
export function RejectsCard({ health }: { readonly health: Health }) {
  const { t } = useTranslation("ops");
  const format = useFormat();
  const { reasons, total, share } = rejectsOf(health);
  return (
    <TitledCard
      title={t("rejects.title")}
      note={t("rejects.note")}
      actions={
        <Link
          to="/events"
          search={{ tab: "rejected" }}
          className="rounded-md text-[0.8125rem] font-medium text-accent hover:underline"
        >
          {t("rejects.list")}
        </Link>
      }
    >
      {share !== null && reasons.length > 0 && (
        <p className="mb-2 text-[0.8125rem] text-ink-2">
          <span className="text-xl font-semibold tracking-tight text-ink">{format.percent(share)}</span>{" "}
          {t("rejects.share", { total: format.count(total) })}
        </p>
      )}
      {reasons.length === 0 ? (
        <p className="flex items-center gap-2 py-2 text-[0.8125rem] text-ink-2">
          <CircleCheck aria-hidden className="size-4 text-good" />
          {total === 0 ? t("rejects.noRecords") : t("rejects.none")}
        </p>
      ) : (
        <ul className="flex flex-col gap-0.5">
          {reasons.map((one) => (
            <Reason key={one.reason} reason={one} />
          ))}
        </ul>
      )}
      <Late late={health.late} />
    </TitledCard>
  );
}

/** What came too late, and what becomes of it. */
function Late({ late: { waiting, admitted, hourly } }: { readonly late: Health["late"] }) {
  const { t } = useTranslation("ops");
  const format = useFormat();
  if (waiting === 0 && admitted === 0) return null;
  return (
    <p className="mt-3 border-t border-line/70 pt-2 text-[0.8125rem] text-ink-2">
      {t("rejects.late", { waiting: format.count(waiting), admitted: format.count(admitted) })}{" "}
      {t(hourly ? "rejects.hourly" : "rejects.onDemand")}
    </p>
  );
}

function Reason({ reason: { reason, records, share, length } }: { readonly reason: ReasonShare }) {
  const { t } = useTranslation(["ops", "common"]);
  const format = useFormat();
  const known = isReason(reason);
  const name = known ? t(`common:reason.${reason}`) : reason;
  return (
    <li>
      <Link
        to="/events"
        search={known ? { tab: "rejected", reason: [reason] } : { tab: "rejected" }}
        title={t("rejects.showReason", { reason: name })}
        className="group grid grid-cols-[8.5rem_minmax(0,1fr)_5.5rem] sm:grid-cols-[11.5rem_minmax(0,1fr)_5.5rem] items-center gap-3 rounded-md py-1 text-[0.8125rem]"
      >
        <span className="truncate group-hover:text-accent">{name}</span>
        <span aria-hidden className="h-2 rounded-full bg-sunken">
          <span
            className="fill-meaning block h-full rounded-full bg-bad-fill/75"
            style={{ width: `${Math.max(2, 100 * length)}%` }}
          />
        </span>
        <span className="text-right whitespace-nowrap">
          <span className="sr-only">
            {t("rejects.records", { n: format.count(records), share: format.percent(share) })}
          </span>
          <span aria-hidden>
            {format.count(records)}{" "}
            <span className="inline-block w-12 text-xs text-ink-3">{format.percent(share)}</span>
          </span>
        </span>
      </Link>
    </li>
  );
}
