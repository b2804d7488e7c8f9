import { useState } from "react";
import { useTranslation } from "react-i18next";

import { Button } from "@/components/ui/button";
import { Segmented } from "@/components/ui/segmented";
import type { RejectedRecord } from "@/lib/types";
import { useFormat } from "@/lib/locale/use-format";

import { CopyButton } from "@/components/ui/copy-button";
import { folded, prettyJson, visible } from "@/lib/payload";

type View = "pretty" | "raw";

/** A rejected record's value as monospaced text, never as anything else. */
export function PayloadView({ record }: { readonly record: RejectedRecord }) {
  const { t } = useTranslation("events");
  const format = useFormat();
  const [view, setView] = useState<View>("pretty");
  const [whole, setWhole] = useState(false);
  const { payload, payload_bytes: size } = record;
  const pretty = payload === null || record.payload_truncated ? null : prettyJson(payload);
  const shown = visible((view === "pretty" ? pretty : null) ?? payload ?? "");
  const beginning = folded(shown);
  return (
    <section>
      <div className="mb-2 flex min-h-8 flex-wrap items-center gap-x-3 gap-y-1">
        <h3 className="text-xs font-semibold text-ink-3">{t("record.payload")}</h3>
        <span className="text-xs text-ink-3">{t("record.bytes", { count: size, n: format.count(size) })}</span>
        <span className="ml-auto flex items-center gap-1">
          {pretty !== null && (
            <Segmented
              label={t("record.view")}
              value={view}
              options={[
                { value: "pretty", label: t("record.pretty") },
                { value: "raw", label: t("record.raw") },
              ]}
              onValue={setView}
            />
          )}
          {payload !== null && <CopyButton text={payload} label={t("record.copy")} />}
        </span>
      </div>
      {payload === null ? (
        <p className="rounded-lg bg-sunken px-3 py-2.5 text-[0.8125rem] text-ink-2">{t("record.none")}</p>
      ) : (
        <>
          <pre
            // Long lines and long texts scroll, with the keyboard too.
            // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex
            tabIndex={0}
            aria-label={t("record.payload")}
            dir="ltr"
            className="max-h-[28rem] overflow-auto rounded-lg border border-line bg-sunken px-3 py-2.5 font-mono text-xs leading-relaxed break-words whitespace-pre-wrap text-ink"
          >
            {whole || beginning === null ? shown : `${beginning}\n…`}
          </pre>
          {beginning !== null && (
            <Button size="sm" variant="ghost" className="mt-1" aria-expanded={whole} onClick={() => setWhole(!whole)}>
              {whole ? t("record.fold") : t("record.showAll")}
            </Button>
          )}
          {record.payload_truncated ? (
            <p className="mt-1 text-xs break-words text-ink-3">
              {t(record.payload_sha256 === null ? "record.truncated" : "record.cut", {
                shown: format.bytes(new TextEncoder().encode(payload).length),
                size: format.bytes(size),
                sha256: record.payload_sha256 ?? "",
              })}
            </p>
          ) : (
            pretty === null && <p className="mt-1 text-xs text-ink-3">{t("record.invalid")}</p>
          )}
        </>
      )}
    </section>
  );
}
