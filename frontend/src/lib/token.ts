/** The bearer token, for as long as the tab lives. Never in a URL, never in localStorage. */
import { createStore, useStore } from "./store";

const KEY = "orderpulse.token";

function read(): string | null {
  try {
    return sessionStorage.getItem(KEY);
  } catch {
    return null;
  }
}

const store = createStore<string | null>(read());

export const token = {
  ...store,
  set(value: string | null): void {
    store.set(value);
    try {
      if (value === null) sessionStorage.removeItem(KEY);
      else sessionStorage.setItem(KEY, value);
    } catch {
      // Without storage the token holds until the page is closed.
    }
  },
};

/** Whether the server wants a token, or another one. */
export const tokenWanted = createStore(false);

export function useTokenWanted(): boolean {
  return useStore(tokenWanted);
}
