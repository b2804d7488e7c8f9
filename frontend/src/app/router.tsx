import type { QueryClient } from "@tanstack/react-query";
import {
  createRootRouteWithContext,
  createRoute,
  createRouter,
  lazyRouteComponent,
  Link,
  Outlet,
} from "@tanstack/react-router";
import { useTranslation } from "react-i18next";

import { Page } from "@/components/layout/page";
import { Shell } from "@/components/layout/shell";
import { Button } from "@/components/ui/button";
import { BrokenView } from "@/components/ui/error-boundary";
import { DashboardSearch } from "@/features/dashboard/search";
import { parseSearch as parseEventsSearch } from "@/features/events/search";
import { OpsSearch } from "@/features/ops/search";
import { SourcesSearch } from "@/features/sources/search";
import type { Api } from "@/lib/api";
import { preferences, timeZoneOf } from "@/lib/preferences";
import { prefetchRange } from "@/lib/queries";

import { PAGES } from "./pages";
import { parseSearch, stringifySearch } from "./search-string";

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
    <Page title={t("state.notFoundTitle")} note={t("state.notFoundText")}>
      <Button asChild size="sm" className="self-start">
        <Link to="/">{t("state.home")}</Link>
      </Button>
    </Page>
  );
}

interface RouterContext {
  readonly api: Api;
  readonly client: QueryClient;
}

const root = createRootRouteWithContext<RouterContext>()({ component: Root, notFoundComponent: NotFound });

// Each page is a separate chunk; its search parameters are typed and checked here.
const dashboard = createRoute({
  getParentRoute: () => root,
  path: "/",
  validateSearch: DashboardSearch,
  loaderDeps: ({ search }) => ({ range: search.range }),
  loader: ({ context: { api, client }, deps }) => {
    const chosen = preferences.get();
    prefetchRange(api, client, { range: deps.range ?? chosen.range, tz: timeZoneOf(chosen) });
  },
  component: lazyRouteComponent(PAGES.dashboard),
});
const events = createRoute({
  getParentRoute: () => root,
  path: "/events",
  validateSearch: parseEventsSearch,
  component: lazyRouteComponent(PAGES.events),
});
const sources = createRoute({
  getParentRoute: () => root,
  path: "/sources",
  validateSearch: SourcesSearch,
  component: lazyRouteComponent(PAGES.sources),
});
const ops = createRoute({
  getParentRoute: () => root,
  path: "/ops",
  validateSearch: OpsSearch,
  component: lazyRouteComponent(PAGES.ops),
});

export function createAppRouter(context: RouterContext) {
  return createRouter({
    routeTree: root.addChildren([dashboard, events, sources, ops]),
    context,
    parseSearch,
    stringifySearch,
    defaultPreload: "intent",
    defaultErrorComponent: ({ error, reset }) => <BrokenView error={error} onRetry={reset} />,
  });
}

declare module "@tanstack/react-router" {
  interface Register {
    router: ReturnType<typeof createAppRouter>;
  }
}
