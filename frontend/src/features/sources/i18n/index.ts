import { addCatalogue } from "@/i18n";

import { en } from "./en";
import { vi } from "./vi";

declare module "i18next" {
  interface ResourceNamespaceMap {
    sources: typeof en;
  }
}

addCatalogue("sources", { en, vi });
