import { useTranslation } from "react-i18next";

import { type Format, formatFor } from "./format";
import { useTimeZone } from "../preferences";

/** Formats of the user's language and time zone. */
export function useFormat(): Format {
  const { i18n } = useTranslation();
  return formatFor(i18n.language, useTimeZone());
}
