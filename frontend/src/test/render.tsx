/** Renders a part of the page as the application does, over an API that the test controls. */
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import {
  createMemoryHistory,
  createRootRoute,
  createRoute,
  createRouter,
  RouterProvider,
} from "@tanstack/react-router";
import { render } from "@testing-library/react";
import type { ReactElement } from "react";

import { parseSearch, stringifySearch } from "@/app/search-string";
import { TooltipProvider } from "@/components/ui/tooltip";
import type { Api, LiveHandlers } from "@/lib/api";
import { ServicesContext } from "@/lib/context";
import { createLiveHub } from "@/lib/live/live-hub";
import type { About } from "@/lib/types";

export const ABOUT: About = {
  version: "1.2.3",
  environment: "test",
  auth: "off",
  scopes: ["read", "operate"],
  subject: null,
  currencies: [
    { code: "VND", decimals: 0 },
    { code: "USD", decimals: 2 },
  ],
  freshness_limit_s: 60,
  links: [],
};

const never = () => new Promise<never>(() => undefined);

/** An API that never responds, except with `answers`. Its live connections are in `lines`. */
export function fakeApi(answers: Partial<Api> = {}): Api & { readonly lines: LiveHandlers[] } {
  const lines: LiveHandlers[] = [];
  return {
    mode: "real",
    getAbout: () => Promise.resolve(ABOUT),
    getKpi: never,
    getBreakdown: never,
    getTimeSeries: never,
    getEvents: never,
    getEvent: never,
    getOrder: never,
    getRejected: never,
    getSources: never,
    getFailedMessages: never,
    tryMessage: never,
    getSystemHealth: never,
    operate: never,
    mapAgain: never,
    getRun: never,
    downloadEvents: never,
    live: (_options, handlers) => {
      lines.push(handlers);
      return { retry: () => undefined, close: () => undefined };
    },
    ...answers,
    lines,
  };
}

/** `element` at `path`, with links to the other pages leading to empty ones. */
export function renderPage(element: ReactElement, api: Api, path = "/") {
  const client = new QueryClient({
    defaultOptions: { queries: { retry: false, staleTime: 30_000, networkMode: "always" } },
  });
  const hub = createLiveHub(api, client);
  const root = createRootRoute();
  const pages = ["/", "/events", "/sources", "/ops"].map((to) =>
    createRoute({
      getParentRoute: () => root,
      path: to,
      validateSearch: (search: Record<string, unknown>) => search,
      component: () => (path.split("?")[0] === to ? element : null),
    }),
  );
  const router = createRouter({
    routeTree: root.addChildren(pages),
    history: createMemoryHistory({ initialEntries: [path] }),
    parseSearch,
    stringifySearch,
  });
  const view = render(
    <QueryClientProvider client={client}>
      <ServicesContext.Provider value={{ api, hub }}>
        <TooltipProvider>
          <RouterProvider router={router as never} />
        </TooltipProvider>
      </ServicesContext.Provider>
    </QueryClientProvider>,
  );
  return { ...view, client, hub, router };
}
