import { Gauge, Lightbulb, Play, RotateCw, Square } from "lucide-react";
import { useTranslation } from "react-i18next";

import { Button } from "@/components/ui/button";
import { OutLink } from "@/components/ui/out-link";
import { Time } from "@/components/ui/time";
import { cn } from "@/lib/cn";
import { DASH } from "@/lib/locale/format";
import type { Component } from "@/lib/types";
import { useFormat } from "@/lib/locale/use-format";
import { useLinkText } from "@/lib/locale/use-link-text";

import type { Service } from "./follow";
import { FollowLine } from "./follow-line";
import { Links } from "./links";
import type { Intent } from "./operate-dialog";
import { writtenRate } from "./rate";
import { ADVICE, inVietnamese } from "./sentences";
import { StateMark } from "./state-mark";
import { useAgo } from "@/lib/live/use-ago";
import type { Followed } from "./use-operate";

const ICON = { start: Play, stop: Square, restart: RotateCw, set_rate: Gauge } as const;
const ORDER = ["start", "set_rate", "restart", "stop"] as const;
/** States that need an action. */
const TROUBLE: ReadonlySet<Component["state"]> = new Set(["warning", "error"]);
/** Links shown next to the advice; all of them are behind the button. */
const SHOWN_LINKS = 2;

interface ComponentRowProps {
  readonly component: Component;
  /** The operations of this row; null if there are none, or not for this user. */
  readonly service: Service | null;
  readonly followed: Followed | null;
  readonly onIntent: (intent: Intent) => void;
}

export function ComponentRow({ component, service, followed, onIntent }: ComponentRowProps) {
  const { t } = useTranslation("ops");
  const linkText = useLinkText();
  const { name, state, links = [] } = component;
  const trouble = TROUBLE.has(state);
  return (
    <li
      aria-label={t(`name.${name}`)}
      className="grid grid-cols-[1fr_auto] items-center gap-x-4 gap-y-2 px-4 py-3 xl:col-span-full xl:grid-cols-subgrid xl:gap-x-5 xl:gap-y-1"
    >
      <StateMark state={state} className="justify-self-start max-xl:row-start-1" />
      <div className="min-w-0 max-xl:row-start-2">
        <Words component={component} />
        {trouble && links.length > 0 && (
          <p className="mt-1.5 flex flex-wrap gap-x-4 gap-y-1">
            {links.slice(0, SHOWN_LINKS).map((link) => (
              <OutLink
                key={link.url}
                url={link.url}
                text={linkText(link)}
                className="text-[0.8125rem] font-medium text-accent hover:underline"
              />
            ))}
          </p>
        )}
        {followed && <FollowLine followed={followed} />}
      </div>
      <Heartbeat
        at={component.heartbeat_at}
        className="justify-self-end max-xl:col-start-2 max-xl:row-start-1 xl:min-w-20 xl:justify-self-start"
      />
      <div className="flex flex-wrap items-center gap-1.5 max-xl:col-span-2 max-xl:row-start-3 max-xl:empty:hidden xl:justify-end print:hidden">
        {service !== null && (
          <Actions
            component={component}
            service={service}
            busy={followed?.progress === "underway"}
            onIntent={onIntent}
          />
        )}
      </div>
      <div className="justify-self-end max-xl:col-start-2 max-xl:row-start-2 print:hidden">
        {links.length > 0 && <Links name={t(`name.${name}`)} links={links} />}
      </div>
    </li>
  );
}

/** The server sends English; in another language the page translates the sentence by its code. */
function Words({ component }: { readonly component: Component }) {
  const { t, i18n } = useTranslation("ops");
  const format = useFormat();
  const { name, state, summary, sentence, rate = null } = component;
  const foreign = i18n.language !== "en";
  const advice = component.advice ?? (TROUBLE.has(state) ? t(`advice.${name}`) : null);
  return (
    <>
      <p className="font-medium">
        {t(`name.${name}`)}
        {rate !== null && state !== "stopped" && (
          <span className="ml-2 text-xs font-normal text-ink-3">
            {t("operate.rateNow", { rate: writtenRate(rate, format) })}
          </span>
        )}
      </p>
      <p className="text-[0.8125rem] text-ink-2">
        {foreign ? (inVietnamese(sentence, format) ?? t(`stateText.${state}`)) : summary}
      </p>
      {advice !== null && (
        <p className="mt-1 flex items-start gap-1.5 text-[0.8125rem]">
          <Lightbulb aria-hidden className="mt-0.5 size-3.5 shrink-0 text-warn" />
          <span>
            <span className="font-medium">{t("components.advice")}</span>{" "}
            {foreign ? (ADVICE[sentence.code] ?? t(`advice.${name}`)) : advice}
          </span>
        </p>
      )}
    </>
  );
}

function Heartbeat({ at, className }: { readonly at: string | null; readonly className: string }) {
  const { t } = useTranslation("ops");
  const ago = useAgo();
  return (
    <span className={cn("text-[0.8125rem] whitespace-nowrap text-ink-3", className)}>
      <span className="sr-only">{t("components.heartbeat")}: </span>
      {at === null ? DASH : <Time at={at}>{t("components.ago", { lag: ago(at) })}</Time>}
    </span>
  );
}

interface ActionsProps {
  readonly component: Component;
  readonly service: Service;
  readonly busy: boolean;
  readonly onIntent: (intent: Intent) => void;
}

function Actions({ component, service, busy, onIntent }: ActionsProps) {
  const { t } = useTranslation("ops");
  const name = t(`name.${component.name}`);
  return ORDER.filter((action) => component.actions?.includes(action)).map((action) => {
    const Icon = ICON[action];
    return (
      <Button
        key={action}
        size="sm"
        disabled={busy}
        aria-label={`${t(`operate.${action}`)}: ${name}`}
        onClick={() => onIntent({ service, action })}
      >
        <Icon aria-hidden className="size-3.5" />
        {t(`operate.${action}`)}
      </Button>
    );
  });
}
