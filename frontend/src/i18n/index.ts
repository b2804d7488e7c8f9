/**
 * Languages. Each feature registers its own catalogue under its own namespace, so features stay apart:
 *
 *     addCatalogue("dashboard", { en, vi });
 *     declare module "i18next" { interface ResourceNamespaceMap { dashboard: typeof en } }
 */
import i18next from "i18next";
import { initReactI18next } from "react-i18next";

import { preferences } from "@/lib/preferences";

import { en } from "./en";
import { vi } from "./vi";

export const LANGUAGES = { en: "English", vi: "Tiếng Việt" } as const;
export type Language = keyof typeof LANGUAGES;

/** The shape of a catalogue: the same keys, other texts. */
export type Catalogue<T> = { readonly [K in keyof T]: T[K] extends string ? string : Catalogue<T[K]> };

declare module "i18next" {
  interface CustomTypeOptions {
    defaultNS: "common";
    returnNull: false;
  }
  interface ResourceNamespaceMap {
    common: typeof en;
  }
}

const fromBrowser = (): Language => (navigator.languages.some((name) => name.startsWith("vi")) ? "vi" : "en");

function follow(): void {
  const language = preferences.get().language ?? fromBrowser();
  document.documentElement.lang = language;
  if (i18next.language !== language) void i18next.changeLanguage(language);
}

void i18next.use(initReactI18next).init({
  lng: preferences.get().language ?? fromBrowser(),
  fallbackLng: "en",
  defaultNS: "common",
  resources: { en: { common: en }, vi: { common: vi } },
  // React escapes what it shows.
  interpolation: { escapeValue: false },
  returnNull: false,
  initAsync: false,
});
follow();
preferences.subscribe(follow);

export function addCatalogue<T extends object>(namespace: string, texts: { en: T; vi: Catalogue<T> }): void {
  i18next.addResourceBundle("en", namespace, texts.en);
  i18next.addResourceBundle("vi", namespace, texts.vi);
}
