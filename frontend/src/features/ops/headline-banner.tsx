import { CircleAlert, CircleCheck, CircleStop, CircleX } from "lucide-react";
import { useTranslation } from "react-i18next";

import { SOFT_TONE } from "@/components/ui/badge";
import { Card } from "@/components/ui/card";
import { cn } from "@/lib/cn";
import type { Health } from "@/lib/types";
import { useFormat } from "@/lib/locale/use-format";

import { figuresKnown, type Headline, headlineOf } from "./headline";
import { rejectsOf } from "./rejects";

const ICON = { good: CircleCheck, warn: CircleAlert, bad: CircleX, neutral: CircleStop } as const satisfies Record<
  Headline["tone"],
  unknown
>;

function useSentence(health: Health, { key, names }: Headline): string {
  const { t, i18n } = useTranslation("ops");
  const format = useFormat();
  const list = new Intl.ListFormat(i18n.language, { type: "conjunction" }).format(
    names.map((name) => t(`name.${name}`)),
  );
  const lag = format.duration(health.event_time_lag_s ?? 0);
  if (key === "incidents") {
    const count = health.incidents.length;
    return t("headline.incidents", { count, n: format.count(count) });
  }
  if (key === "down" && names.length === 0) return t("headline.downUnnamed");
  if (key === "rejects") return t("headline.rejects", { share: format.percent(rejectsOf(health).share ?? 0) });
  return t(`headline.${key}`, { names: list, lag });
}

/** The state of the whole platform in one sentence. */
export function HeadlineBanner({ health }: { readonly health: Health }) {
  const { t } = useTranslation("ops");
  const format = useFormat();
  const headline = headlineOf(health);
  const sentence = useSentence(health, headline);
  const Icon = ICON[headline.tone];
  const lag = health.event_time_lag_s;
  return (
    <Card className="flex items-center gap-4 px-5 py-4">
      <span className={cn("flex size-11 shrink-0 items-center justify-center rounded-full", SOFT_TONE[headline.tone])}>
        <Icon aria-hidden className="size-6" strokeWidth={1.9} />
      </span>
      <div className="min-w-0 flex-1">
        <p role="status" className="text-lg leading-6 font-semibold tracking-tight text-balance">
          {sentence}
        </p>
        <p className="mt-0.5 text-[0.8125rem] text-ink-2">
          {figuresKnown(health) && (lag === null ? t("noLag") : t("lag", { lag: format.duration(lag) }))}{" "}
          <span className="text-ink-3">{t("readAt", { time: format.time(health.as_of) })}</span>
        </p>
      </div>
    </Card>
  );
}
