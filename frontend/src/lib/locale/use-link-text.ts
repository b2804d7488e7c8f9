import { useTranslation } from "react-i18next";

import type { Link } from "../types";

/** The text of a link to another program of the platform; the server's label if its kind is unknown. */
export function useLinkText(): (link: Link) => string {
  const { t } = useTranslation("common");
  return ({ kind, name, label }) => t(`linkTo.${kind}`, { name, defaultValue: label });
}
