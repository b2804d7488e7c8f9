import { LoaderCircle, X } from "lucide-react";
import { useTranslation } from "react-i18next";

import { SOFT_TONE } from "@/components/ui/badge";
import { OutLink } from "@/components/ui/out-link";
import { cn } from "@/lib/cn";

import { useAgo } from "@/lib/live/use-ago";
import type { Followed } from "./use-operate";

const TONE = { underway: "accent", done: "good", overdue: "warn" } as const;

/** What was asked and how far it is, with the run that does it. */
export function FollowLine({ followed }: { readonly followed: Followed }) {
  const { t } = useTranslation("ops");
  const ago = useAgo();
  const { asked, progress, dismiss } = followed;
  const { action } = asked.request;
  const said = {
    underway: () => `${t(`operate.underway.${action}`)} ${t("operate.asked", { lag: ago(asked.at) })}`,
    done: () => t(`operate.done.${action}`),
    overdue: () => t("operate.overdue", { lag: ago(asked.at) }),
  }[progress]();
  return (
    <div
      className={cn(
        "mt-2 flex flex-wrap items-center gap-x-3 gap-y-1 rounded-lg px-3 py-1.5 text-[0.8125rem]",
        SOFT_TONE[TONE[progress]],
      )}
    >
      {progress === "underway" && <LoaderCircle aria-hidden className="size-3.5 animate-spin" />}
      {/* Screen readers do not announce the elapsed seconds. */}
      <span aria-hidden={progress === "underway"}>{said}</span>
      <span role="status" className="sr-only">
        {progress === "underway" ? t(`operate.underway.${action}`) : said}
      </span>
      {asked.answer.url.startsWith("http") && (
        <OutLink
          url={asked.answer.url}
          text={t("operate.run")}
          className="font-medium underline-offset-2 hover:underline"
        />
      )}
      {progress !== "underway" && (
        <button
          type="button"
          aria-label={t("operate.dismiss")}
          onClick={dismiss}
          className="ml-auto rounded p-1 hover:bg-surface/60"
        >
          <X aria-hidden className="size-3.5" />
        </button>
      )}
    </div>
  );
}
