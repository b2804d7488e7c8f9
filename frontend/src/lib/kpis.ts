/** The KPIs of the catalogue: their names, and rates of sums. Pure. */
import { MEASURES, RATES } from "./kpis.gen";
import type { CurrencyKpi, Kpi } from "./types";

export type MeasureName = keyof typeof MEASURES;
export type RateName = keyof typeof RATES;
export type KpiName = MeasureName | RateName;
export type Sums = Record<MeasureName, number>;

interface Rate {
  readonly kind: "percentage" | "average" | "difference";
  readonly part: MeasureName;
  readonly whole: readonly MeasureName[];
}

/** Of each KPI: its unit, and the direction that is good. */
export const KPIS: Readonly<
  Record<KpiName, { readonly unit: "money" | "count" | "percentage"; readonly good: "up" | "down" }>
> = { ...MEASURES, ...RATES };
export const MEASURE_NAMES = Object.keys(MEASURES) as MeasureName[];
export const RATE_NAMES = Object.keys(RATES) as RateName[];
export const COUNT_NAMES = MEASURE_NAMES.filter((name) => MEASURES[name].unit === "count");

const RATE: Readonly<Record<RateName, Rate>> = RATES;
export const isMeasure = (name: KpiName): name is MeasureName => name in MEASURES;

/** The measures of a KPI. */
export const partsOf = (name: KpiName): readonly MeasureName[] =>
  isMeasure(name) ? [name] : [RATE[name].part, ...RATE[name].whole];

/** The measures that a percentage or an average is divided by; none of another KPI. */
export const divisorsOf = (name: KpiName): readonly MeasureName[] =>
  isMeasure(name) || RATE[name].kind === "difference" ? [] : RATE[name].whole;

/** Whether it is money, which is not summed over currencies. */
export const isOfMoney = (name: KpiName): boolean => partsOf(name).some((part) => MEASURES[part].unit === "money");

/** A KPI of the sums of its measures; null if the divisor is zero. */
export function kpiOf(name: KpiName, sums: Sums): number | null {
  if (isMeasure(name)) return sums[name];
  const { kind, part, whole } = RATE[name];
  const below = whole.reduce((sum, measure) => sum + sums[measure], 0);
  if (kind === "difference") return sums[part] - below;
  return below === 0 ? null : ((kind === "percentage" ? 100 : 1) * sums[part]) / below;
}

export const noSums = (): Sums => byMeasure(() => 0);

/** An object with a value for each measure. */
export function byMeasure<T>(value: (name: MeasureName) => T): Record<MeasureName, T> {
  return Object.fromEntries(MEASURE_NAMES.map((name) => [name, value(name)])) as Record<MeasureName, T>;
}

/** The API's response for these sums; `money` formats money. */
export function kpisOf(sums: Sums, currency: string, money: (value: number) => string): CurrencyKpi {
  const rounded = (value: number | null) => (value === null ? null : Math.round(value * 100) / 100);
  const entries = [...MEASURE_NAMES, ...RATE_NAMES].map((name) => {
    const value = kpiOf(name, sums);
    return [name, KPIS[name].unit === "money" ? (value === null ? null : money(value)) : rounded(value)];
  });
  return { ...(Object.fromEntries(entries) as Omit<CurrencyKpi, "currency">), currency };
}

/** The KPIs that are summed over currencies. */
export function totalsOf(kpis: CurrencyKpi): Kpi {
  const names = [...COUNT_NAMES, ...RATE_NAMES].filter((name) => !isOfMoney(name));
  return Object.fromEntries(names.map((name) => [name, kpis[name]])) as unknown as Kpi;
}
