import { Link } from "@tanstack/react-router";
import { Activity, LayoutDashboard, type LucideIcon, Plug, ScrollText } from "lucide-react";
import { useTranslation } from "react-i18next";

import { cn } from "@/lib/cn";

interface Destination {
  readonly to: "/" | "/events" | "/sources" | "/ops";
  readonly key: "dashboard" | "events" | "sources" | "ops";
  readonly icon: LucideIcon;
  /** The second key after `g`. */
  readonly shortcut: string;
}

export const DESTINATIONS: readonly Destination[] = [
  { to: "/", key: "dashboard", icon: LayoutDashboard, shortcut: "d" },
  { to: "/events", key: "events", icon: ScrollText, shortcut: "e" },
  { to: "/sources", key: "sources", icon: Plug, shortcut: "s" },
  { to: "/ops", key: "ops", icon: Activity, shortcut: "o" },
];

/** The navigation as a sidebar. */
export function SideNavigation({ narrow }: { readonly narrow: boolean }) {
  const { t } = useTranslation();
  return (
    <nav aria-label={t("nav.main")} className="flex flex-col gap-0.5 px-2.5">
      {DESTINATIONS.map(({ to, key, icon: Icon }) => (
        <Link
          key={key}
          to={to}
          activeOptions={{ exact: to === "/", includeSearch: false }}
          className={cn(
            "flex h-9 items-center gap-3 rounded-lg px-2.5 font-medium text-ink-2 transition-colors hover:bg-sunken hover:text-ink",
            "aria-[current=page]:bg-accent-soft aria-[current=page]:text-accent",
            narrow && "justify-center px-0",
          )}
          {...(narrow ? { "aria-label": t(`nav.${key}`), title: t(`nav.${key}`) } : {})}
        >
          <Icon className="size-4.5 shrink-0" strokeWidth={1.8} aria-hidden />
          {!narrow && <span>{t(`nav.${key}`)}</span>}
        </Link>
      ))}
    </nav>
  );
}

/** The navigation at the bottom of a phone. */
export function BottomNavigation() {
  const { t } = useTranslation();
  return (
    <nav
      aria-label={t("nav.main")}
      className="fixed inset-x-0 bottom-0 z-30 flex border-t border-line bg-surface/95 pb-[env(safe-area-inset-bottom)] backdrop-blur lg:hidden print:hidden"
    >
      {DESTINATIONS.map(({ to, key, icon: Icon }) => (
        <Link
          key={key}
          to={to}
          activeOptions={{ exact: to === "/", includeSearch: false }}
          className="flex h-14 flex-1 flex-col items-center justify-center gap-0.5 text-[0.6875rem] font-medium text-ink-2 aria-[current=page]:text-accent"
        >
          <Icon className="size-5" strokeWidth={1.8} aria-hidden />
          {t(`nav.${key}`)}
        </Link>
      ))}
    </nav>
  );
}
