/** Above the list: live state, event rate, and the pause switch. */
import { ArrowUp, Pause, Play } from "lucide-react";
import { useEffect } from "react";
import { useTranslation } from "react-i18next";

import { Button } from "@/components/ui/button";
import { Kbd } from "@/components/ui/kbd";
import { cn } from "@/lib/cn";
import { announce } from "@/lib/page/ui-state";
import { useFormat } from "@/lib/locale/use-format";
import { useFreshness, useNow } from "@/lib/live/use-freshness";

import { rateOf, type Tail } from "./tail";

interface TailBarProps {
  readonly tail: Tail;
  readonly paused: boolean;
  readonly away: boolean;
  /** The range has ended: no new events can arrive. */
  readonly past: boolean;
  readonly onPause: (paused: boolean) => void;
  readonly onFill: () => void;
}

function useTailState(props: TailBarProps): { readonly dot: string; readonly text: string; readonly live: boolean } {
  const { t } = useTranslation(["events", "common"]);
  const { state, reason } = useFreshness(1_000);
  if (props.past) return { dot: "bg-ink-3", text: t("tail.past"), live: false };
  if (state === "disconnected") {
    return {
      dot: "bg-bad",
      text: t("tail.stopped", { reason: reason ? t(`common:link.${reason}`) : t("common:live.disconnected") }),
      live: false,
    };
  }
  if (props.paused) return { dot: "bg-warn", text: t("tail.paused"), live: false };
  if (props.away) return { dot: "bg-ink-3", text: t("tail.away"), live: false };
  if (state === "polling") return { dot: "bg-warn", text: t("tail.polling"), live: false };
  if (state === "connecting") return { dot: "bg-ink-3", text: t("common:live.connecting"), live: false };
  return { dot: "bg-good", text: t("tail.live"), live: true };
}

export function TailBar(props: TailBarProps) {
  const { tail, paused, away, past, onPause, onFill } = props;
  const { t } = useTranslation("events");
  const format = useFormat();
  const rate = rateOf(tail.heard, useNow(1_000));
  const { dot, text, live } = useTailState(props);
  const hold = paused || away;
  return (
    <div
      role="group"
      aria-label={t("tail.label")}
      className="flex min-h-11 flex-wrap items-center gap-x-3 gap-y-1 border-b border-line px-4 py-1.5 text-[0.8125rem]"
    >
      <span className="flex items-center gap-2 font-medium text-ink">
        <span aria-hidden className="relative flex size-2 shrink-0">
          {live && <span className={cn("absolute -inset-1 rounded-full opacity-25", dot)} />}
          <span className={cn("fill-meaning relative size-2 rounded-full", dot)} />
        </span>
        <span role="status">{text}</span>
      </span>
      {rate !== null && !past && (
        <span className="text-ink-3">{t("tail.rate", { rate: format.decimal(rate, rate < 10 ? 1 : 0) })}</span>
      )}
      {!past && !hold && tail.sampled && <span className="text-warn">{t("tail.sampled")}</span>}
      {!past && hold && tail.gap && (
        <span className="flex items-center gap-1 text-warn">
          {t("tail.gap")}
          <Button size="sm" variant="ghost" className="h-7" onClick={onFill}>
            {t("tail.fill")}
          </Button>
        </span>
      )}
      {!past && (
        <Button
          size="sm"
          variant="ghost"
          className="-mr-2 ml-auto h-7"
          aria-pressed={paused}
          aria-keyshortcuts="Space"
          title={t("tail.hint")}
          onClick={() => onPause(!paused)}
        >
          {paused ? <Play aria-hidden className="size-3.5" /> : <Pause aria-hidden className="size-3.5" />}
          {paused ? t("tail.resume") : t("tail.pause")}
          <span aria-hidden className="max-md:hidden">
            <Kbd>{t("tail.space")}</Kbd>
          </span>
        </Button>
      )}
    </div>
  );
}

/** The number of waiting events, floating over the list; a click adds them. */
export function WaitingPill({ tail, onShow }: { readonly tail: Tail; readonly onShow: () => void }) {
  const { t } = useTranslation("events");
  const format = useFormat();
  const count = tail.waitingCount;
  useEffect(() => {
    if (count > 0) announce(t("announceWaiting", { n: format.count(count) }));
  }, [count, format, t]);
  if (count === 0) return null;
  return (
    <div className="pointer-events-none absolute inset-x-0 top-3 z-20 flex justify-center md:top-11">
      <button
        type="button"
        onClick={onShow}
        className="pointer-events-auto flex h-8 animate-[slide-in_160ms_ease-out] items-center gap-1.5 rounded-full bg-accent px-3.5 text-[0.8125rem] font-semibold text-accent-ink shadow-raised hover:brightness-110"
      >
        <ArrowUp aria-hidden className="size-3.5" />
        {t(tail.atLeast ? "tail.waitingLeast" : "tail.waiting", { count, n: format.count(count) })}
      </button>
    </div>
  );
}
