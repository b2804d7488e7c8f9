import { useTranslation } from "react-i18next";

import type { KpiReport } from "@/lib/types";
import { useFormat } from "@/lib/use-format";

import { type Change, changeOf } from "./change";
import { asNumber, type Figure, readFigure, SPEC } from "./figures";

export interface FigureView {
  /** The value as people read it. */
  readonly text: string;
  readonly change: Change;
  /** The change in a few characters. */
  readonly changeText: string;
  /** The comparison in a sentence. */
  readonly words: string;
}

/** Turns figures of a report into words, in the user's language. */
export function useFigures(): (figure: Figure, report: KpiReport, currency: string) => FigureView {
  const { t } = useTranslation("dashboard");
  const format = useFormat();

  const write = (figure: Figure, value: string | number | null, currency: string): string => {
    if (SPEC[figure].unit === "money") return format.money(value === null ? null : String(value), currency);
    if (SPEC[figure].unit === "rate") return format.percent(asNumber(value));
    return format.count(Number(value));
  };

  return (figure, report, currency) => {
    const { unit, good } = SPEC[figure];
    const now = readFigure(figure, report.current, currency);
    const before = readFigure(figure, report.previous, currency);
    const text = write(figure, now, currency);
    const change = changeOf(unit, asNumber(now), asNumber(before), good);
    const span = report.previous.range;
    const changeText = (() => {
      if (change.kind === "none") return t("change.none");
      if (change.direction === "same") return t("change.same");
      return unit === "rate" ? t("change.points", { points: format.points(change.by) }) : format.change(change.by);
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
