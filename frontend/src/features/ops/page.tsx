import { useTranslation } from "react-i18next";

import { Page } from "@/components/layout/page";

export default function OpsPage() {
  const { t } = useTranslation();
  return <Page title={t("nav.ops")}>{null}</Page>;
}
