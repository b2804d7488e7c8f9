import { Siren } from "lucide-react";
import { useTranslation } from "react-i18next";

import { Card } from "@/components/ui/card";
import { Time } from "@/components/ui/time";
import type { Incident } from "@/lib/types";
import { useFormat } from "@/lib/locale/use-format";

import { ServerText } from "@/components/ui/server-text";
import { useAgo } from "@/lib/live/use-ago";

/** The open incidents, above everything else. */
export function IncidentsCard({ incidents }: { readonly incidents: readonly Incident[] }) {
  const { t, i18n } = useTranslation("ops");
  const format = useFormat();
  const ago = useAgo(5_000);
  const foreign = i18n.language !== "en";
  const nameOf = (incident: string) => {
    const [, asset, name] = /^check:(.+)\/([^/]+)$/.exec(incident) ?? [];
    return asset === undefined || name === undefined ? t("incidents.other") : t("incidents.check", { asset, name });
  };
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
            <span className="font-medium">{foreign ? nameOf(one.incident) : one.title}</span>
            <Time at={one.opened_at} className="text-xs text-ink-3">
              {t("incidents.since", { lag: ago(one.opened_at) })}
            </Time>
            <ServerText
              text={foreign ? `${one.title}: ${one.text}` : one.text}
              className="w-full text-[0.8125rem] text-ink-2"
            />
          </li>
        ))}
      </ul>
    </Card>
  );
}
