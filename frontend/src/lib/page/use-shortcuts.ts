/** Keyboard shortcuts: single keys, and sequences of two such as `g d`. */
import { useEffect, useRef } from "react";

export type Shortcuts = Readonly<Record<string, () => void>>;

const SEQUENCE_MS = 1_200;

const FIELDS = "input, textarea, select, [contenteditable=true]";
/** What the space bar presses. */
const PRESSED = "button, a[href], summary, [role=radio]";

/** Whether the key has a meaning of its own in the focused element. */
const isTaken = ({ key, target }: KeyboardEvent) =>
  target instanceof Element && target.closest(key === " " ? `${FIELDS}, ${PRESSED}` : FIELDS) !== null;

/** Listens while the component is mounted. Ignores keys while the user types or a dialog is open. */
export function useShortcuts(shortcuts: Shortcuts): void {
  const latest = useRef(shortcuts);
  useEffect(() => {
    latest.current = shortcuts;
  });
  useEffect(() => {
    let first = "";
    let at = 0;
    const onKey = (event: KeyboardEvent) => {
      if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented || event.repeat) return;
      if (isTaken(event) || document.querySelector("dialog[open]")) return;
      const pair = Date.now() - at < SEQUENCE_MS ? `${first} ${event.key}` : "";
      const run = latest.current[pair] ?? latest.current[event.key];
      first = event.key;
      at = Date.now();
      if (!run) return;
      event.preventDefault();
      at = 0;
      run();
    };
    window.addEventListener("keydown", onKey);
    return () => window.removeEventListener("keydown", onKey);
  }, []);
}
