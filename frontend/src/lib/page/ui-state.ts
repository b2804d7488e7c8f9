/** State shared by the shell and the pages. */
import { createStore } from "../store";

export type OpenDialog = "settings" | "shortcuts" | null;

/** The dialog that is open over the page. */
export const openDialog = createStore<OpenDialog>(null);
/** Whether the page is shown in wall mode, without its frame. */
export const wallMode = createStore(false);
/** The text of the polite live region; see `announce`. */
export const announcement = createStore("");

export const ANNOUNCE_EVERY_MS = 30_000;
let announcedAt = -Infinity;

/** Announce `text` to screen readers, unless something was announced in the last half minute. */
export function announce(text: string, now: number = Date.now()): void {
  if (now - announcedAt < ANNOUNCE_EVERY_MS) return;
  announcedAt = now;
  announcement.set(text);
}
