/** The bearer token, for as long as the tab lives. Never in a URL, never in localStorage. */
import { createStore } from "./store";

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
      // Without storage the token lasts until the page is closed.
    }
  },
};

/** A hash (FNV-1a) to distinguish tokens without revealing them. */
export function fingerprint(text: string | null): string {
  let hash = 0x811c9dc5;
  for (const unit of text ?? "") hash = Math.imul(hash ^ unit.charCodeAt(0), 0x01000193);
  return (hash >>> 0).toString(36);
}

/** Whether the server requires a token, or another one. */
export const tokenWanted = createStore(false);
