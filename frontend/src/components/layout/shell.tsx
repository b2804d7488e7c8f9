import { useNavigate } from "@tanstack/react-router";
import { FlaskConical, Keyboard, PanelLeftClose, PanelLeftOpen, Settings } from "lucide-react";
import { type ReactNode, useEffect } from "react";
import { useTranslation } from "react-i18next";

import { Badge } from "@/components/ui/badge";
import { Button } from "@/components/ui/button";
import { Tooltip } from "@/components/ui/tooltip";
import { cn } from "@/lib/cn";
import { useApi } from "@/lib/context";
import { keepFocus } from "@/lib/page/keep-focus";
import { preferences, usePreferences } from "@/lib/preferences";
import { useStore } from "@/lib/store";
import { announcement, openDialog, wallMode } from "@/lib/page/ui-state";
import { useShortcuts } from "@/lib/page/use-shortcuts";

import { ConnectionBand, FreshnessIndicator } from "./freshness";
import { Logo } from "./logo";
import { BottomNavigation, DESTINATIONS, SideNavigation } from "./navigation";
import { SettingsDialog } from "./settings-dialog";
import { ShortcutsDialog } from "./shortcuts-dialog";
import { TokenDialog } from "./token-dialog";

export function MockBadge() {
  const { t } = useTranslation();
  if (useApi().mode !== "mock") return null;
  return (
    <Tooltip text={t("mode.hint")}>
      <button type="button" data-testid="mock-badge" onClick={() => openDialog.set("settings")} className="rounded-md">
        <Badge tone="warn">
          <FlaskConical className="size-3" aria-hidden />
          <span className="max-[22.5rem]:sr-only">{t("mode.badge")}</span>
        </Badge>
      </button>
    </Tooltip>
  );
}

function Sidebar() {
  const { t } = useTranslation();
  const narrow = usePreferences().sidebarNarrow;
  const Icon = narrow ? PanelLeftOpen : PanelLeftClose;
  const toggle = t(narrow ? "nav.widen" : "nav.narrow");
  return (
    <aside
      className={cn(
        "sticky top-0 hidden h-dvh shrink-0 flex-col border-r border-line bg-surface lg:flex print:hidden",
        narrow ? "w-16" : "w-56",
      )}
    >
      <div className={cn("flex h-14 items-center gap-2.5 px-4", narrow && "justify-center px-0")}>
        <Logo className="size-7" />
        {!narrow && <span className="text-[0.9375rem] font-semibold tracking-tight">{t("app.name")}</span>}
      </div>
      <div className="pt-2">
        <SideNavigation narrow={narrow} />
      </div>
      <div className={cn("mt-auto flex items-center gap-0.5 p-2.5", narrow && "flex-col")}>
        <Button
          variant="ghost"
          size="icon"
          aria-label={t("action.settings")}
          title={t("action.settings")}
          onClick={() => openDialog.set("settings")}
        >
          <Settings className="size-4.5" strokeWidth={1.8} aria-hidden />
        </Button>
        <Button
          variant="ghost"
          size="icon"
          aria-label={t("action.shortcuts")}
          title={t("action.shortcuts")}
          onClick={() => openDialog.set("shortcuts")}
        >
          <Keyboard className="size-4.5" strokeWidth={1.8} aria-hidden />
        </Button>
        <Button
          variant="ghost"
          size="icon"
          className={cn(!narrow && "ml-auto")}
          aria-label={toggle}
          title={toggle}
          onClick={() => preferences.update({ sidebarNarrow: !narrow })}
        >
          <Icon className="size-4.5" strokeWidth={1.8} aria-hidden />
        </Button>
      </div>
    </aside>
  );
}

function TopBar() {
  const { t } = useTranslation();
  return (
    <header className="sticky top-0 z-20 flex h-12 items-center gap-2 border-b border-line bg-canvas/85 px-3 backdrop-blur sm:px-6 lg:h-14 print:static print:border-0">
      <Logo className="size-6 lg:hidden" />
      <span className="text-[0.9375rem] font-semibold tracking-tight max-sm:sr-only lg:hidden">{t("app.name")}</span>
      <MockBadge />
      <FreshnessIndicator className="ml-auto" />
      <Button
        variant="ghost"
        size="icon"
        className="lg:hidden print:hidden"
        aria-label={t("action.settings")}
        onClick={() => openDialog.set("settings")}
      >
        <Settings className="size-4.5" strokeWidth={1.8} aria-hidden />
      </Button>
    </header>
  );
}

/** The frame around every page. In wall mode only the page itself is left. */
export function Shell({ children }: { readonly children: ReactNode }) {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const wall = useStore(wallMode);
  const spoken = useStore(announcement);
  useEffect(keepFocus, []);
  useShortcuts({
    ...Object.fromEntries(DESTINATIONS.map(({ to, shortcut }) => [`g ${shortcut}`, () => void navigate({ to })])),
    "?": () => openDialog.set("shortcuts"),
    ",": () => openDialog.set("settings"),
  });
  return (
    <>
      {!wall && (
        <a
          href="#content"
          className="sr-only z-50 rounded-lg bg-accent px-4 py-2 font-medium text-accent-ink focus:not-sr-only focus:fixed focus:top-3 focus:left-3"
        >
          {t("nav.skip")}
        </a>
      )}
      <div className="flex min-h-dvh">
        {!wall && <Sidebar />}
        <div className="flex min-w-0 flex-1 flex-col">
          {!wall && <TopBar />}
          <ConnectionBand />
          <main
            id="content"
            tabIndex={-1}
            className={cn("min-w-0 flex-1 outline-none", wall ? "flex flex-col" : "pb-16 lg:pb-0 print:pb-0")}
          >
            {children}
          </main>
        </div>
      </div>
      {!wall && <BottomNavigation />}
      <SettingsDialog />
      <ShortcutsDialog />
      <TokenDialog />
      <div aria-live="polite" className="sr-only">
        {spoken}
      </div>
    </>
  );
}
