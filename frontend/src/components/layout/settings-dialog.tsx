import { ExternalLink } from "lucide-react";
import { type ReactNode, useId } from "react";
import { useTranslation } from "react-i18next";

import { Button } from "@/components/ui/button";
import { Dialog } from "@/components/ui/dialog";
import { Segmented } from "@/components/ui/segmented";
import { Select } from "@/components/ui/select";
import { type Language, LANGUAGES } from "@/i18n";
import { useApi } from "@/lib/context";
import type { Mode } from "@/lib/mode";
import { browserTimeZone, preferences, usePreferences } from "@/lib/preferences";
import { useAbout } from "@/lib/queries";
import { useStore } from "@/lib/store";
import { token } from "@/lib/token";
import { openDialog } from "@/lib/page/ui-state";
import { useLinkText } from "@/lib/locale/use-link-text";
import { timeZones } from "@/lib/locale/zone";

const THEMES = ["light", "dark", "system"] as const;
const DEVICE = "device";

function Row({
  label,
  hint,
  children,
}: {
  readonly label: string;
  readonly hint?: string;
  readonly children: ReactNode;
}) {
  return (
    <div className="flex flex-wrap items-center justify-between gap-x-6 gap-y-2 py-3.5">
      <div className="min-w-0 flex-1 basis-40">
        <div className="font-medium">{label}</div>
        {hint !== undefined && <p className="text-[0.8125rem] text-ink-3">{hint}</p>}
      </div>
      {children}
    </div>
  );
}

function switchMode(mode: Mode): void {
  preferences.update({ mode });
  const address = new URL(window.location.href);
  address.searchParams.delete("mode");
  window.location.assign(address);
}

function Body() {
  const linkText = useLinkText();
  const { t, i18n } = useTranslation();
  const chosen = usePreferences();
  const api = useApi();
  const about = useAbout().data;
  const bearer = useStore(token);
  const zoneId = useId();
  return (
    <div className="divide-y divide-line">
      <Row label={t("settings.theme")}>
        <Segmented
          label={t("settings.theme")}
          value={chosen.theme}
          options={THEMES.map((value) => ({ value, label: t(`settings.themes.${value}`) }))}
          onValue={(theme) => preferences.update({ theme })}
        />
      </Row>
      <Row label={t("settings.language")}>
        <Segmented
          label={t("settings.language")}
          value={i18n.language as Language}
          options={(Object.keys(LANGUAGES) as Language[]).map((value) => ({ value, label: LANGUAGES[value] }))}
          onValue={(language) => preferences.update({ language })}
        />
      </Row>
      <Row label={t("settings.timeZone")} hint={t("settings.timeZoneHint")}>
        <Select
          id={zoneId}
          aria-label={t("settings.timeZone")}
          className="w-56"
          value={chosen.timeZone ?? DEVICE}
          options={[
            { value: DEVICE, label: t("settings.timeZoneBrowser", { zone: browserTimeZone() }) },
            ...timeZones().map((zone) => ({ value: zone, label: zone })),
          ]}
          onValue={(zone) => preferences.update({ timeZone: zone === DEVICE ? null : zone })}
        />
      </Row>
      <Row label={t("settings.mode")} hint={t("settings.modeHint")}>
        <Segmented
          label={t("settings.mode")}
          value={api.mode}
          options={[
            { value: "real", label: t("mode.real") },
            { value: "mock", label: t("mode.mock") },
          ]}
          onValue={switchMode}
        />
      </Row>
      {about && about.links.length > 0 && (
        <Row label={t("settings.links")}>
          <ul className="flex flex-wrap gap-2">
            {about.links.map((link) => (
              <li key={link.url}>
                <Button asChild size="sm">
                  <a href={link.url} target="_blank" rel="noreferrer">
                    {linkText(link)}
                    <ExternalLink className="size-3.5" aria-hidden />
                  </a>
                </Button>
              </li>
            ))}
          </ul>
        </Row>
      )}
      <div className="flex items-center justify-between pt-3.5 text-[0.8125rem] text-ink-3">
        <span>{about && t("settings.version", { version: about.version })}</span>
        {bearer !== null && (
          <Button size="sm" variant="ghost" onClick={() => token.set(null)}>
            {t("token.forget")}
          </Button>
        )}
      </div>
    </div>
  );
}

export function SettingsDialog() {
  const { t } = useTranslation();
  const open = useStore(openDialog) === "settings";
  return (
    <Dialog open={open} onClose={() => openDialog.set(null)} title={t("settings.title")}>
      <Body />
    </Dialog>
  );
}
