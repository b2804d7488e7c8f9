import { Download, FileSpreadsheet, X } from "lucide-react";
import { useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";

import { Button } from "@/components/ui/button";
import { useErrorText } from "@/components/ui/states";
import type { EventFile, EventFilters } from "@/lib/api";
import { cn } from "@/lib/cn";
import { useApi } from "@/lib/context";
import type { DownloadProgress } from "@/lib/download";
import { useTimeZone } from "@/lib/preferences";
import { useFormat } from "@/lib/locale/use-format";

type State =
  | { readonly kind: "idle" }
  | { readonly kind: "running"; readonly progress: DownloadProgress }
  | { readonly kind: "done"; readonly progress: DownloadProgress }
  | { readonly kind: "cancelled" }
  | { readonly kind: "failed"; readonly error: unknown };

const NOTHING: DownloadProgress = { rows: 0, bytes: 0 };
const SHOWN_MS = 6_000;

/** Saves the filtered events as a file, with progress and a cancel button. */
export function Downloads({ filters }: { readonly filters: () => EventFilters }) {
  const { t } = useTranslation("events");
  const api = useApi();
  const textOf = useErrorText();
  const format = useFormat();
  const tz = useTimeZone();
  const [state, setState] = useState<State>({ kind: "idle" });
  const abort = useRef<AbortController | null>(null);
  useEffect(() => () => abort.current?.abort(), []);
  useEffect(() => {
    if (state.kind !== "done" && state.kind !== "cancelled") return undefined;
    const timer = setTimeout(() => setState({ kind: "idle" }), SHOWN_MS);
    return () => clearTimeout(timer);
  }, [state]);

  const start = async (as: EventFile["format"]) => {
    const { signal } = (abort.current = new AbortController());
    setState({ kind: "running", progress: NOTHING });
    try {
      const progress = await api.downloadEvents(
        filters(),
        { format: as, tz },
        { signal, onProgress: (now) => setState({ kind: "running", progress: now }) },
      );
      setState({ kind: "done", progress });
    } catch (error) {
      setState(signal.aborted ? { kind: "cancelled" } : { kind: "failed", error });
    }
  };

  const said = {
    idle: () => "",
    running: () => "",
    done: () => (state.kind === "done" ? t("csv.done", { rows: format.count(state.progress.rows) }) : ""),
    cancelled: () => t("csv.cancelled"),
    failed: () => (state.kind === "failed" ? t("csv.failed", { reason: textOf(state.error) }) : ""),
  }[state.kind]();

  return (
    <div className="flex items-center gap-2">
      {state.kind === "running" ? (
        <div
          role="group"
          aria-label={t("csv.label")}
          className="flex h-8 items-center gap-2 rounded-lg border border-line bg-surface pr-1 pl-2.5 text-[0.8125rem] shadow-card"
        >
          <span
            role="progressbar"
            aria-label={t("csv.label")}
            className="size-3.5 shrink-0 animate-spin rounded-full border-2 border-line-strong border-t-accent"
          />
          <span className="whitespace-nowrap text-ink-2">
            {state.progress.bytes === 0
              ? t("csv.waiting")
              : t("csv.running", { rows: format.count(state.progress.rows), size: format.bytes(state.progress.bytes) })}
          </span>
          <button
            type="button"
            aria-label={t("csv.cancel")}
            title={t("csv.cancel")}
            onClick={() => abort.current?.abort()}
            className="flex size-6 items-center justify-center rounded-md text-ink-3 hover:bg-sunken hover:text-ink"
          >
            <X aria-hidden className="size-3.5" />
          </button>
        </div>
      ) : (
        <>
          <Button size="sm" title={t("csv.hint")} onClick={() => void start("csv")}>
            <Download aria-hidden className="size-4" />
            <span className="max-md:sr-only">{t("csv.download")}</span>
          </Button>
          {/* The simulated shop has no server to create one. */}
          {api.mode === "real" && (
            <Button size="sm" title={t("csv.excelHint")} onClick={() => void start("xlsx")}>
              <FileSpreadsheet aria-hidden className="size-4" />
              <span className="max-md:sr-only">{t("csv.excel")}</span>
            </Button>
          )}
        </>
      )}
      <span
        role="status"
        className={cn(
          "text-[0.8125rem]",
          state.kind === "failed" ? "text-bad" : "text-ink-3",
          said === "" && "sr-only",
        )}
      >
        {said}
      </span>
    </div>
  );
}
