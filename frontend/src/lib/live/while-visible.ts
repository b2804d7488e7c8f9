/** A live connection while the page is visible: a hidden page has none, and catches up when shown. */
import type { LiveConnection, LiveHandlers } from "../api";

export interface VisibleConnection extends LiveConnection {
  /** Disconnect and connect again. */
  reconnect(): void;
}

export function whileVisible(connect: () => LiveConnection, handlers: LiveHandlers): VisibleConnection {
  let connection: LiveConnection | null = null;

  function look(): void {
    const visible = document.visibilityState === "visible";
    if (visible) connection ??= connect();
    else if (connection) {
      letGo();
      handlers.onState({ phase: "connecting", reason: null, retryAt: null });
    }
  }

  function letGo(): void {
    connection?.close();
    connection = null;
  }

  document.addEventListener("visibilitychange", look);
  look();

  return {
    retry: () => connection?.retry(),
    reconnect: () => {
      letGo();
      look();
    },
    close: () => {
      document.removeEventListener("visibilitychange", look);
      letGo();
    },
  };
}
