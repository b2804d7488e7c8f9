/** What the shell and the pages agree on without knowing each other. */
import { createStore } from "./store";

export type OpenDialog = "settings" | "shortcuts" | null;

/** The window that is open over the page. */
export const openDialog = createStore<OpenDialog>(null);
/** Whether the page is shown without its frame, for a screen on the wall. */
export const wallMode = createStore(false);
/** What is read out politely; see `announce`. */
export const announcement = createStore("");

export const ANNOUNCE_EVERY_MS = 30_000;
let announcedAt = -Infinity;

/** Read `text` out, unless something was read out in the last half minute. */
export function announce(text: string, now: number = Date.now()): void {
  if (now - announcedAt < ANNOUNCE_EVERY_MS) return;
  announcedAt = now;
  announcement.set(text);
}
