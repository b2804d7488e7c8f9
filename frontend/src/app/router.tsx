import { createRootRoute, createRoute, createRouter, lazyRouteComponent, Link, Outlet } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";

import { Shell } from "@/components/layout/shell";
import { Button } from "@/components/ui/button";
import { BrokenView } from "@/components/ui/error-boundary";
import { EmptyState } from "@/components/ui/states";
import { DashboardSearch } from "@/features/dashboard/search";
import { parseSearch as parseEventsSearch } from "@/features/events/search";
import { OpsSearch } from "@/features/ops/search";

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

const root = createRootRoute({ component: Root, notFoundComponent: NotFound });

// Each page is a chunk of its own; its search parameters are typed and checked here.
const dashboard = createRoute({
  getParentRoute: () => root,
  path: "/",
  validateSearch: DashboardSearch,
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

export const router = createRouter({
  routeTree: root.addChildren([dashboard, events, ops]),
  defaultPreload: "intent",
  defaultErrorComponent: ({ reset }) => <BrokenView onRetry={reset} />,
});

declare module "@tanstack/react-router" {
  interface Register {
    router: typeof router;
  }
}
