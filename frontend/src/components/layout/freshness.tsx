import { RotateCw } from "lucide-react";
import { Popover } from "radix-ui";
import { useTranslation } from "react-i18next";

import { Button } from "@/components/ui/button";
import { cn } from "@/lib/cn";
import { useHub } from "@/lib/context";
import { useFormat } from "@/lib/locale/use-format";
import { type FreshnessState, type FreshnessView, useFreshness } from "@/lib/live/use-freshness";

const DOT: Record<FreshnessState, string> = {
  live: "bg-good",
  polling: "bg-warn",
  connecting: "bg-ink-3",
  starting: "bg-warn",
  stopped: "bg-warn",
  stale: "bg-warn",
  disconnected: "bg-bad",
};

const TEXT: Record<FreshnessState, string> = {
  live: "text-ink-2",
  polling: "text-warn",
  connecting: "text-ink-3",
  starting: "text-warn",
  stopped: "text-warn",
  stale: "text-warn",
  disconnected: "text-bad",
};

/** Without animation, which would keep the processor busy and only repeat the figure. */
function Dot({ state }: { readonly state: FreshnessState }) {
  return (
    <span aria-hidden className="relative flex size-2 shrink-0">
      {state === "live" && <span className={cn("absolute -inset-1 rounded-full opacity-25", DOT[state])} />}
      <span className={cn("fill-meaning relative size-2 rounded-full", DOT[state])} />
    </span>
  );
}

/** One or two sentences: the state, and what happens next. */
function useExplanation(view: FreshnessView): string {
  const { t } = useTranslation();
  const format = useFormat();
  const lag = view.lagS === null ? "" : format.duration(view.lagS);
  switch (view.state) {
    case "live":
      return t("live.liveText", { lag });
    case "starting":
      return t("live.startingText");
    case "stopped":
      return view.sourceStopped ? t("live.sourceStoppedText") : t("live.stoppedText");
    case "stale":
      return view.lagS === null ? t("live.noEventsText") : t("live.staleText", { lag });
    case "polling":
      return t("live.pollingText");
    case "connecting":
      return t("live.connectingText");
    case "disconnected":
      return [
        view.reason && t(`link.${view.reason}`),
        view.heardAt !== null && t("live.disconnectedText", { time: format.time(view.heardAt) }),
        view.retryInS !== null && t("live.retryIn", { seconds: view.retryInS }),
      ]
        .filter(Boolean)
        .join(" ");
  }
}

/** 'Live · 0.6 s behind': the age of the page's numbers; a click explains it. */
export function FreshnessIndicator({ className }: { readonly className?: string }) {
  const { t } = useTranslation();
  const format = useFormat();
  const hub = useHub();
  const view = useFreshness();
  const explanation = useExplanation(view);
  const known = view.state !== "connecting" && (view.lagS !== null || view.state === "live" || view.state === "stale");
  const lag = !known
    ? null
    : view.lagS === null
      ? t("live.noEvents")
      : t("live.behind", { lag: format.duration(view.lagS) });
  return (
    <Popover.Root>
      <Popover.Trigger
        data-testid="freshness"
        data-state-name={view.state}
        className={cn(
          "flex h-8 min-w-40 items-center gap-2 rounded-lg px-2 text-[0.8125rem] font-medium whitespace-nowrap hover:bg-sunken",
          TEXT[view.state],
          className,
        )}
      >
        <Dot state={view.state} />
        <span>
          {t(`live.${view.state}`)}
          {lag !== null && <span className="font-normal"> · {lag}</span>}
        </span>
      </Popover.Trigger>
      <Popover.Portal>
        <Popover.Content
          side="bottom"
          align="end"
          sideOffset={6}
          collisionPadding={8}
          className="z-40 w-80 rounded-xl border border-line bg-raised p-4 text-sm shadow-raised"
        >
          <p className="text-ink">{explanation}</p>
          {view.state === "disconnected" && (
            <Button size="sm" className="mt-3" onClick={() => hub.retry()}>
              <RotateCw className="size-3.5" aria-hidden />
              {t("live.retryNow")}
            </Button>
          )}
        </Popover.Content>
      </Popover.Portal>
    </Popover.Root>
  );
}

const BANDED: ReadonlySet<FreshnessState> = new Set(["disconnected", "stale", "starting", "stopped"]);

/** A banner over the page while its numbers are unreliable. */
export function ConnectionBand() {
  const { t } = useTranslation();
  const view = useFreshness(1_000);
  const explanation = useExplanation(view);
  const shown = BANDED.has(view.state);
  const bad = view.state === "disconnected";
  const why = bad && view.reason ? t(`link.${view.reason}`) : "";
  return (
    <>
      {/* Present from the start, since screen readers announce only changes; without seconds, which would be announced one by one. */}
      <p role="status" className="sr-only">
        {shown && `${t(`live.${view.state}`)}. ${why}`}
      </p>
      {shown && <Band bad={bad} title={t(`live.${view.state}`)} text={explanation} />}
    </>
  );
}

interface BandProps {
  readonly bad: boolean;
  readonly title: string;
  readonly text: string;
}

function Band({ bad, title, text }: BandProps) {
  const { t } = useTranslation();
  const hub = useHub();
  return (
    <div
      data-testid="connection-band"
      className={cn(
        "flex flex-wrap items-center gap-x-3 gap-y-1 px-4 py-2 text-sm sm:px-6",
        bad ? "bg-bad-soft text-bad" : "bg-warn-soft text-warn",
      )}
    >
      <strong className="font-semibold">{title}</strong>
      <span className="min-w-0 flex-1">{text}</span>
      {bad && (
        <Button
          size="sm"
          variant="ghost"
          className="text-inherit hover:bg-bad/10 hover:text-inherit print:hidden"
          onClick={() => hub.retry()}
        >
          {t("live.retryNow")}
        </Button>
      )}
    </div>
  );
}
