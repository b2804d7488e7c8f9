/** The values of the optional fields in the user's words. */
import { useTranslation } from "react-i18next";

import type { BreakdownField } from "@/lib/api";

import { en } from "../i18n/en";

type Known = keyof typeof en.breakdown.values;

const isKnown = (value: string): value is Known => value in en.breakdown.values;

/** `insufficient_funds` as "Insufficient funds". */
export const plain = (value: string) => {
  const text = value.replaceAll("_", " ");
  return text.charAt(0).toUpperCase() + text.slice(1);
};

export function useValueText(): (by: BreakdownField, value: string | null) => string {
  const { t, i18n } = useTranslation("dashboard");
  return (by, value) => {
    if (value === null) return t("breakdown.others");
    if (value === "") return t("breakdown.unknown");
    if (by === "country") {
      const names = new Intl.DisplayNames(i18n.language, { type: "region", fallback: "code" });
      return (/^[A-Z]{2}$/.test(value) ? names.of(value) : undefined) ?? value;
    }
    return isKnown(value) ? t(`breakdown.values.${value}`) : plain(value);
  };
}
