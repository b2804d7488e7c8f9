/** The source of data, from the URL, then the settings, then the build. */
import type { Api } from "./api";
import { preferences } from "./preferences";
import { createRealApi } from "./real-api";

export type Mode = "real" | "mock";

const isMode = (value: unknown): value is Mode => value === "real" || value === "mock";

/** The current mode. `?mode=` is remembered across pages. */
export function chooseMode(search: string): Mode {
  const asked = new URLSearchParams(search).get("mode");
  if (isMode(asked)) {
    preferences.update({ mode: asked });
    return asked;
  }
  return preferences.get().mode ?? (import.meta.env.VITE_API_MODE === "mock" ? "mock" : "real");
}

/** The API of a mode; the simulated one is loaded only on demand. */
export async function createApi(mode: Mode): Promise<Api> {
  return mode === "mock" ? (await import("./mock/mock-api")).createMockApi() : createRealApi();
}
