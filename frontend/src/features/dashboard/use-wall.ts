/** Full screen for a screen on the wall, which stays awake. */
import { useEffect } from "react";

import { wallMode } from "@/lib/ui-state";

/** Keep the screen awake; taken again when the page comes back into sight, as browsers let go of it then. */
async function stayAwake(signal: AbortSignal): Promise<void> {
  if (!("wakeLock" in navigator) || document.visibilityState !== "visible") return;
  try {
    const lock = await navigator.wakeLock.request("screen");
    signal.addEventListener("abort", () => void lock.release());
    if (signal.aborted) await lock.release();
  } catch {
    // A low battery may refuse it; the wall goes on without.
  }
}

export async function enterFullScreen(): Promise<void> {
  try {
    await document.documentElement.requestFullscreen();
  } catch {
    // Without a key or a click the browser refuses; the page fills its window all the same.
  }
}

export function useWall(wall: boolean, leave: () => void): void {
  useEffect(() => {
    wallMode.set(wall);
    if (!wall) return undefined;
    const end = new AbortController();
    const awake = () => void stayAwake(end.signal);
    const left = () => {
      if (!document.fullscreenElement) leave();
    };
    awake();
    document.addEventListener("visibilitychange", awake, { signal: end.signal });
    document.addEventListener("fullscreenchange", left, { signal: end.signal });
    return () => {
      end.abort();
      wallMode.set(false);
      if (document.fullscreenElement) void document.exitFullscreen();
    };
    // `leave` changes with each drawing and does the same each time.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [wall]);
}
