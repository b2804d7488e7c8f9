import type { QueryClient } from "@tanstack/react-query";
import { createRootRouteWithContext, createRoute, createRouter, lazyRouteComponent, Link, Outlet } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";

import { Shell } from "@/components/layout/shell";
import { Button } from "@/components/ui/button";
import { BrokenView } from "@/components/ui/error-boundary";
import { EmptyState } from "@/components/ui/states";
import { DashboardSearch } from "@/features/dashboard/search";
import { parseSearch as parseEventsSearch } from "@/features/events/search";
import { OpsSearch } from "@/features/ops/search";
import type { Api } from "@/lib/api";
import { preferences, timeZoneOf } from "@/lib/preferences";
import { prefetchRange } from "@/lib/queries";

import { stringifySearch } from "./search-string";

function Root() {
  return (
    <Shell>
      <Outlet />
    </Shell>
  );
}

function NotFound() {
  const { t } = useTranslation();
  return (
    <EmptyState
      title={t("state.notFoundTitle")}
      text={t("state.notFoundText")}
      action={
        <Button asChild size="sm">
          <Link to="/">{t("state.home")}</Link>
        </Button>
      }
    />
  );
}

interface RouterContext {
  readonly api: Api;
  readonly client: QueryClient;
}

const root = createRootRouteWithContext<RouterContext>()({ component: Root, notFoundComponent: NotFound });

// Each page is a chunk of its own; its search parameters are typed and checked here.
const dashboard = createRoute({
  getParentRoute: () => root,
  path: "/",
  validateSearch: DashboardSearch,
  loaderDeps: ({ search }) => ({ range: search.range }),
  loader: ({ context: { api, client }, deps }) => {
    const chosen = preferences.get();
    prefetchRange(api, client, { range: deps.range ?? chosen.range, tz: timeZoneOf(chosen) });
  },
  component: lazyRouteComponent(() => import("@/features/dashboard/page")),
});
const events = createRoute({
  getParentRoute: () => root,
  path: "/events",
  validateSearch: parseEventsSearch,
  component: lazyRouteComponent(() => import("@/features/events/page")),
});
const ops = createRoute({
  getParentRoute: () => root,
  path: "/ops",
  validateSearch: OpsSearch,
  component: lazyRouteComponent(() => import("@/features/ops/page")),
});

export function createAppRouter(context: RouterContext) {
  return createRouter({
    routeTree: root.addChildren([dashboard, events, ops]),
    context,
    stringifySearch,
    defaultPreload: "intent",
    defaultErrorComponent: ({ reset }) => <BrokenView onRetry={reset} />,
  });
}

declare module "@tanstack/react-router" {
  interface Register {
    router: ReturnType<typeof createAppRouter>;
  }
}
