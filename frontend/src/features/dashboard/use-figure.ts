import { useTranslation } from "react-i18next";

import { type KpiName, KPIS } from "@/lib/kpis";
import type { KpiReport } from "@/lib/types";
import { useFormat } from "@/lib/locale/use-format";

import { type Change, changeOf } from "./change";
import { asNumber, readFigure } from "./figures";

export interface FigureView {
  /** The formatted value. */
  readonly text: string;
  readonly change: Change;
  /** The change in a few characters. */
  readonly changeText: string;
  /** The comparison in a sentence. */
  readonly words: string;
}

/** Writes a figure's value in the user's language. */
export function useWritten(): (figure: KpiName, value: string | number | null, currency: string) => string {
  const format = useFormat();
  return (figure, value, currency) => {
    if (KPIS[figure].unit === "money") return format.money(value === null ? null : String(value), currency);
    return KPIS[figure].unit === "percentage" ? format.percent(asNumber(value)) : format.count(Number(value));
  };
}

/** Formats a report's figures in the user's language. */
export function useFigures(): (figure: KpiName, report: KpiReport, currency: string) => FigureView {
  const { t } = useTranslation("dashboard");
  const format = useFormat();
  const write = useWritten();

  return (figure, report, currency) => {
    const { unit, good } = KPIS[figure];
    const now = readFigure(figure, report.current, currency);
    const before = readFigure(figure, report.previous, currency);
    const text = write(figure, now, currency);
    const change = changeOf(unit, asNumber(now), asNumber(before), good);
    const span = report.previous.range;
    const changeText = (() => {
      if (change.kind === "none") return t("change.none");
      if (change.direction === "same") return t("change.same");
      return unit === "percentage"
        ? t("change.points", { points: format.points(change.by) })
        : format.change(change.by);
    })();
    return {
      text,
      change,
      changeText,
      words: t("change.words", {
        now: text,
        before: write(figure, before, currency),
        from: format.dateMinute(span.start),
        to: format.dateTime(span.end),
      }),
    };
  };
}
