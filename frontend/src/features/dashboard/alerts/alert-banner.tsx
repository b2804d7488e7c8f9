import { TriangleAlert, X } from "lucide-react";
import { useTranslation } from "react-i18next";

import { cn } from "@/lib/cn";
import { useFormat } from "@/lib/locale/use-format";

import type { Firing } from "./rules";
import type { ActiveAlert } from "./use-alerts";

/** Formats a rule's figure. */
function useWritten(): (alert: Firing, figure: number) => string {
  const format = useFormat();
  return ({ rule, currency }, figure) => {
    if (rule === "success_rate") return format.percent(figure);
    if (rule === "lag") return format.duration(figure);
    return rule === "revenue" ? format.money(figure.toFixed(2), currency ?? "VND") : format.count(figure);
  };
}

/** An alert as a sentence. */
export function useAlertText(): (alert: Firing) => string {
  const { t } = useTranslation("dashboard");
  const write = useWritten();
  return (alert) => {
    const text = t(`alerts.fired.${alert.rule}`, {
      value: write(alert, alert.value),
      limit: write(alert, alert.limit),
    });
    return alert.rule === "lag" ? text : `${text} ${t("alerts.last15")}`;
  };
}

interface AlertBannerProps {
  readonly alerts: readonly ActiveAlert[];
  readonly onHide: (key: string) => void;
  /** In wall mode they are side by side, in large type. */
  readonly wall?: boolean;
}

/** The alerts. Announced once, when they start: the figures change all the time. */
export function AlertBanner(props: AlertBannerProps) {
  const { t } = useTranslation("dashboard");
  const write = useWritten();
  if (props.alerts.length === 0) return null;
  const begun = props.alerts.map(
    (alert) => `${t(`alerts.rule.${alert.rule}`, { currency: alert.currency ?? "" })} ${write(alert, alert.limit)}.`,
  );
  return (
    <>
      <p role="alert" className="sr-only">
        {`${t("alerts.title")}: ${begun.join(" ")}`}
      </p>
      <Alerts {...props} />
    </>
  );
}

function Alerts({ alerts, onHide, wall = false }: AlertBannerProps) {
  const { t } = useTranslation("dashboard");
  const format = useFormat();
  const textOf = useAlertText();
  return (
    <ul
      aria-label={t("alerts.title")}
      className={cn(
        "rounded-xl border border-bad/30 bg-bad-soft text-bad",
        wall ? "grid gap-x-6 text-[clamp(0.875rem,1.25vw,1.25rem)] sm:grid-cols-2" : "divide-y divide-bad/15 text-sm",
      )}
    >
      {alerts.map((alert) => (
        <li key={alert.key} data-alert={alert.key} className="flex items-center gap-3 py-2 pr-2 pl-4">
          <TriangleAlert className="size-[1.15em] shrink-0" aria-hidden />
          <span className="min-w-0 flex-1">
            <strong className="font-semibold">{textOf(alert)}</strong>
            {alert.since !== null && (
              <span className="opacity-85"> · {t("alerts.since", { time: format.minute(alert.since) })}</span>
            )}
          </span>
          <button
            type="button"
            onClick={() => onHide(alert.key)}
            aria-label={t("alerts.hide")}
            title={t("alerts.hide")}
            className="flex size-8 shrink-0 items-center justify-center rounded-lg hover:bg-bad/10 print:hidden"
          >
            <X className="size-4" aria-hidden />
          </button>
        </li>
      ))}
    </ul>
  );
}
