import "./i18n";
import "./styles.css";

import { QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";

import { LATER } from "./app/pages";
import { createAppRouter } from "./app/router";
import { TooltipProvider } from "./components/ui/tooltip";
import { ServicesContext } from "./lib/context";
import { createLiveHub } from "./lib/live/live-hub";
import { chooseMode, createApi } from "./lib/mode";
import { fetchWhenIdle } from "./lib/parts";
import { createQueryClient } from "./lib/query-client";
import { startTheme } from "./lib/theme";

startTheme();

const api = await createApi(chooseMode(window.location.search));
const client = createQueryClient();
const hub = createLiveHub(api, client);
const router = createAppRouter({ api, client });
const place = document.getElementById("root");
if (!place) throw new Error("index.html has no #root.");

createRoot(place).render(
  <StrictMode>
    <QueryClientProvider client={client}>
      <ServicesContext.Provider value={{ api, hub }}>
        <TooltipProvider delayDuration={250}>
          <RouterProvider router={router} />
        </TooltipProvider>
      </ServicesContext.Provider>
    </QueryClientProvider>
  </StrictMode>,
);

fetchWhenIdle(LATER);
