import { Siren } from "lucide-react";
import { useTranslation } from "react-i18next";

import { Card } from "@/components/ui/card";
import type { Incident } from "@/lib/types";
import { useFormat } from "@/lib/use-format";

import { useAgo } from "./use-ago";

/** What is wrong and not yet over, above everything else. */
export function IncidentsCard({ incidents }: { readonly incidents: readonly Incident[] }) {
  const { t } = useTranslation("ops");
  const format = useFormat();
  const ago = useAgo(5_000);
  if (incidents.length === 0) return null;
  return (
    <Card aria-labelledby="ops-incidents" className="border-bad/40">
      <h2 id="ops-incidents" className="flex items-center gap-2 px-4 pt-3 pb-1 text-sm font-semibold text-bad">
        <Siren aria-hidden className="size-4" />
        {t("incidents.title")} ({format.count(incidents.length)})
      </h2>
      <ul className="divide-y divide-line">
        {incidents.map((one) => (
          <li key={one.incident} className="flex flex-wrap items-baseline gap-x-3 gap-y-0.5 px-4 py-2.5">
            <span lang="en" className="font-medium">
              {one.title}
            </span>
            <time dateTime={one.opened_at} title={format.dateTime(one.opened_at)} className="text-xs text-ink-3">
              {t("incidents.since", { lag: ago(one.opened_at) })}
            </time>
            <p lang="en" className="w-full text-[0.8125rem] text-ink-2">
              {one.text}
            </p>
          </li>
        ))}
      </ul>
    </Card>
  );
}
