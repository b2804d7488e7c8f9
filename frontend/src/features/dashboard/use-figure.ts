import { useTranslation } from "react-i18next";

import { type KpiName, KPIS } from "@/lib/kpis";
import type { KpiReport } from "@/lib/types";
import { useFormat } from "@/lib/locale/use-format";

import { type Change, changeOf, type Sizes } from "./change";
import { asNumber, divisorOf, readFigure } from "./figures";

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
    const kpi = KPIS[figure];
    if (kpi.unit === "money") {
      const text = value === null ? null : String(value);
      return "kind" in kpi && kpi.kind === "average"
        ? format.moneyAverage(text, currency)
        : format.money(text, currency);
    }
    return KPIS[figure].unit === "percentage" ? format.percent(asNumber(value)) : format.count(Number(value));
  };
}

type Value = string | number | null;

/** Formats a figure and its change in the user's language. */
export function useCompared(): (
  figure: KpiName,
  now: Value,
  before: Value,
  currency: string,
  sizes?: Sizes,
) => Omit<FigureView, "words"> {
  const { t } = useTranslation("dashboard");
  const format = useFormat();
  const write = useWritten();

  return (figure, now, before, currency, sizes) => {
    const { unit, good } = KPIS[figure];
    const change = changeOf(unit, asNumber(now), asNumber(before), good, sizes);
    const changeText = (() => {
      if (change.kind === "none") return t("change.none");
      if (change.direction === "same") return t("change.same");
      return unit === "percentage"
        ? t("change.points", { points: format.points(change.by) })
        : format.change(change.by);
    })();
    return { text: write(figure, now, currency), change, changeText };
  };
}

/** Formats a report's figures in the user's language. */
export function useFigures(): (figure: KpiName, report: KpiReport, currency: string) => FigureView {
  const { t } = useTranslation("dashboard");
  const format = useFormat();
  const write = useWritten();
  const compare = useCompared();

  return (figure, report, currency) => {
    const now = readFigure(figure, report.current, currency);
    const before = readFigure(figure, report.previous, currency);
    const [divisor, divisorBefore] = [report.current, report.previous].map((of) => divisorOf(figure, of, currency));
    const sizes = divisor == null || divisorBefore == null ? undefined : { now: divisor, before: divisorBefore };
    const view = compare(figure, now, before, currency, sizes);
    const span = report.previous.range;
    return {
      ...view,
      words: t("change.words", {
        now: view.text,
        before: write(figure, before, currency),
        from: format.dateMinute(span.start),
        to: format.dateTime(span.end),
      }),
    };
  };
}
