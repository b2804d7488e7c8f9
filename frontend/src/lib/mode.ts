/** Where the data comes from: the page's address, then the settings, then how the page was built. */
import type { Api } from "./api";
import { preferences } from "./preferences";
import { createRealApi } from "./real-api";

export type Mode = "real" | "mock";

const isMode = (value: unknown): value is Mode => value === "real" || value === "mock";

/** The mode in force. `?mode=` is remembered, so that it survives moving between pages. */
export function chooseMode(search: string): Mode {
  const asked = new URLSearchParams(search).get("mode");
  if (isMode(asked)) {
    preferences.update({ mode: asked });
    return asked;
  }
  return preferences.get().mode ?? (import.meta.env.VITE_API_MODE === "mock" ? "mock" : "real");
}

/** The API of a mode; the simulated one is fetched only where it is wanted. */
export async function createApi(mode: Mode): Promise<Api> {
  return mode === "mock" ? (await import("./mock/mock-api")).createMockApi() : createRealApi();
}
