import { useTranslation } from "react-i18next";

import { Page } from "@/components/layout/page";

export default function EventsPage() {
  const { t } = useTranslation();
  return <Page title={t("nav.events")}>{null}</Page>;
}
