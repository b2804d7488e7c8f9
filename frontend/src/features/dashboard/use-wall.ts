/** Wall mode: full screen, and the screen stays awake. */
import { useEffect } from "react";

import { wallMode } from "@/lib/page/ui-state";

/** Keep the screen awake; requested again when the page becomes visible, since browsers release it. */
async function stayAwake(signal: AbortSignal): Promise<void> {
  if (!("wakeLock" in navigator) || document.visibilityState !== "visible") return;
  try {
    const lock = await navigator.wakeLock.request("screen");
    signal.addEventListener("abort", () => void lock.release());
    if (signal.aborted) await lock.release();
  } catch {
    // Refused on low battery; the wall continues without it.
  }
}

export async function enterFullScreen(): Promise<void> {
  try {
    await document.documentElement.requestFullscreen();
  } catch {
    // Browsers refuse without a key or click; the page then fills its window.
  }
}

export function useWall(wall: boolean, leave: () => void): void {
  useEffect(() => {
    wallMode.set(wall);
    document.documentElement.classList.toggle("wall", wall);
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
      document.documentElement.classList.remove("wall");
      if (document.fullscreenElement) void document.exitFullscreen();
    };
    // `leave` changes with each render but always does the same.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [wall]);
}
