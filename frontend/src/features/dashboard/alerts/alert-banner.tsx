import { TriangleAlert, X } from "lucide-react";
import { useTranslation } from "react-i18next";

import { useFormat } from "@/lib/use-format";

import type { Firing } from "./rules";
import type { ActiveAlert } from "./use-alerts";

/** An alert as a sentence. */
export function useAlertText(): (alert: Firing) => string {
  const { t } = useTranslation("dashboard");
  const format = useFormat();
  return ({ rule, currency, value, limit }) => {
    const write = (figure: number) => {
      if (rule === "success_rate") return format.percent(figure);
      if (rule === "lag") return format.duration(figure);
      return rule === "revenue" ? format.money(figure.toFixed(2), currency ?? "VND") : format.count(figure);
    };
    const text = t(`alerts.fired.${rule}`, { value: write(value), limit: write(limit) });
    return rule === "lag" ? text : `${text} ${t("alerts.last15")}`;
  };
}

export function AlertBanner({ alerts, onHide }: { readonly alerts: readonly ActiveAlert[]; readonly onHide: (key: string) => void }) {
  const { t } = useTranslation("dashboard");
  const format = useFormat();
  const textOf = useAlertText();
  if (alerts.length === 0) return null;
  return (
    <div role="alert" className="divide-y divide-bad/15 rounded-xl border border-bad/30 bg-bad-soft text-bad">
      {alerts.map((alert) => (
        <div key={alert.key} data-alert={alert.key} className="flex items-center gap-3 py-2 pr-2 pl-4 text-sm">
          <TriangleAlert className="size-4 shrink-0" aria-hidden />
          <span className="min-w-0 flex-1">
            <strong className="font-semibold">{textOf(alert)}</strong>
            {alert.since !== null && <span className="opacity-85"> · {t("alerts.since", { time: format.minute(alert.since) })}</span>}
          </span>
          <button
            type="button"
            onClick={() => onHide(alert.key)}
            aria-label={t("alerts.hide")}
            title={t("alerts.hide")}
            className="flex size-8 shrink-0 items-center justify-center rounded-lg hover:bg-bad/10"
          >
            <X className="size-4" aria-hidden />
          </button>
        </div>
      ))}
    </div>
  );
}
