/** The whole application at an address, over an API that the test controls. */
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { render } from "@testing-library/react";
import { vi } from "vitest";

import { createAppRouter } from "@/app/router";
import { TooltipProvider } from "@/components/ui/tooltip";
import type { Api } from "@/lib/api";
import { ServicesContext } from "@/lib/context";
import { createLiveHub } from "@/lib/live/live-hub";

export function openApp(address: string, api: Api) {
  vi.spyOn(Element.prototype, "clientHeight", "get").mockReturnValue(700); // jsdom has no layout, and a list renders only visible rows
  Element.prototype.scrollTo = () => undefined;
  window.history.replaceState(null, "", address);
  const client = new QueryClient({
    defaultOptions: { queries: { retry: false, staleTime: 30_000, networkMode: "always" } },
  });
  return render(
    <QueryClientProvider client={client}>
      <ServicesContext.Provider value={{ api, hub: createLiveHub(api, client) }}>
        <TooltipProvider>
          <RouterProvider router={createAppRouter({ api, client })} />
        </TooltipProvider>
      </ServicesContext.Provider>
    </QueryClientProvider>,
  );
}
