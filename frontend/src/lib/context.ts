import { createContext, useContext } from "react";

import type { Api } from "./api";
import type { LiveHub } from "./live/live-hub";

export interface Services {
  readonly api: Api;
  readonly hub: LiveHub;
}

export const ServicesContext = createContext<Services | null>(null);

function useServices(): Services {
  const services = useContext(ServicesContext);
  if (!services) throw new Error("ServicesContext is missing above this component.");
  return services;
}

export const useApi = (): Api => useServices().api;
export const useHub = (): LiveHub => useServices().hub;
