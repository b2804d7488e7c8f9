import { CircleAlert, CircleCheck, CircleX, ExternalLink } from "lucide-react";
import { useTranslation } from "react-i18next";

import { en } from "@/i18n/en";
import { ServerText } from "@/components/ui/server-text";
import { cn } from "@/lib/cn";
import { useAgo } from "@/lib/live/use-ago";
import type { CheckResult } from "@/lib/types";

/** A check of the platform's own has a title in words; one of dbt has only its name. */
const isTitled = (name: string): name is keyof typeof en.check.title => name in en.check.title;

/** The last result of an asset check, with a link to its page in Dagster. */
export function CheckItem({ check }: { readonly check: CheckResult }) {
  const { t } = useTranslation();
  const ago = useAgo(5_000);
  const { passed, severity, name } = check;
  const Icon = passed ? CircleCheck : severity === "ERROR" ? CircleX : CircleAlert;
  const tone = passed ? "text-good" : severity === "ERROR" ? "text-bad" : "text-warn";
  return (
    <li className="flex items-start gap-2 rounded-lg py-1.5 text-[0.8125rem]">
      <Icon aria-hidden className={cn("mt-0.5 size-3.5 shrink-0", tone)} />
      <div className="min-w-0 flex-1">
        <p className="flex flex-wrap items-baseline gap-x-2">
          <span className={cn(passed ? "sr-only" : "font-medium", tone)}>
            {t(`check.result.${passed ? "passed" : severity}`)}
          </span>
          {isTitled(name) && <span className="font-medium text-ink">{t(`check.title.${name}`)}</span>}
          <span className={cn("font-mono break-all", isTitled(name) && "text-xs text-ink-3")}>{name}</span>
          <span className="text-xs text-ink-3">{t("check.evaluated", { lag: ago(check.evaluated_at) })}</span>
        </p>
        <ServerText text={check.text} className="break-words text-ink-2" />
      </div>
      <a
        href={check.url}
        target="_blank"
        rel="noreferrer"
        aria-label={t("check.open", { name })}
        title={t("check.open", { name })}
        className="rounded-md p-1 text-ink-3 hover:bg-sunken hover:text-ink"
      >
        <ExternalLink aria-hidden className="size-3.5" />
      </a>
    </li>
  );
}
