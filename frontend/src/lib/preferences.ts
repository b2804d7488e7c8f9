/** The user's preferences, stored in this browser. `public/theme.js` reads the same key before the first paint. */
import * as v from "valibot";

import { createStore, useStore } from "./store";
import { isTimeZone, presentName } from "./locale/zone";

const KEY = "orderpulse.preferences";

let ownZone: string | null = null;

/** The zone of this device. Read once: it takes the browser a third of a millisecond. */
export function browserTimeZone(): string {
  ownZone ??= presentName(Intl.DateTimeFormat().resolvedOptions().timeZone || "UTC");
  return ownZone;
}

const Schema = v.object({
  theme: v.fallback(v.picklist(["light", "dark", "system"]), "system"),
  language: v.fallback(v.nullable(v.picklist(["en", "vi"])), null),
  mode: v.fallback(v.nullable(v.picklist(["real", "mock"])), null),
  range: v.fallback(v.picklist(["15m", "1h", "24h", "today"]), "1h"),
  timeZone: v.fallback(v.nullable(v.pipe(v.string(), v.check(isTimeZone), v.transform(presentName))), null),
  currency: v.fallback(v.nullable(v.string()), null),
  sidebarNarrow: v.fallback(v.boolean(), false),
});

export type Preferences = v.InferOutput<typeof Schema>;

/** JSON stored under `key`, or null if storage is blocked or its content invalid. */
export function readStored(key: string): unknown {
  try {
    return JSON.parse(localStorage.getItem(key) ?? "null") as unknown;
  } catch {
    return null;
  }
}

/** Store JSON under `key`; does nothing if the browser forbids it. */
export function writeStored(key: string, value: unknown): void {
  try {
    localStorage.setItem(key, JSON.stringify(value));
  } catch {
    // Private windows and full disks: the preference lasts until the page is closed.
  }
}

function read(): Preferences {
  const stored = readStored(KEY);
  return v.parse(Schema, typeof stored === "object" && stored !== null ? stored : {});
}

const store = createStore<Preferences>(read());

window.addEventListener("storage", (event) => {
  if (event.key === KEY) store.set(read());
});

export const preferences = {
  ...store,
  update(change: Partial<Preferences>): void {
    const next = { ...store.get(), ...change };
    store.set(next);
    writeStored(KEY, next);
  },
};

export function usePreferences(): Preferences {
  return useStore(preferences);
}

/** The chosen time zone, else the browser's. */
export const timeZoneOf = (chosen: Preferences): string => chosen.timeZone ?? browserTimeZone();

export function useTimeZone(): string {
  return timeZoneOf(usePreferences());
}
