import { useEffect, useLayoutEffect, useRef } from "react";

const INTERACTIVE = "input, textarea, select, button, a[href], summary, [role=radio], [contenteditable=true]";

/** The space bar for the page, wherever it means nothing else: not on a button, in a field or in a window. */
export function useSpaceKey(run: () => void): void {
  const latest = useRef(run);
  useLayoutEffect(() => {
    latest.current = run;
  });
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.key !== " " || event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented || event.repeat) return;
      if (event.target instanceof Element && event.target.closest(INTERACTIVE)) return;
      if (document.querySelector("dialog[open]")) return;
      event.preventDefault();
      latest.current();
    };
    window.addEventListener("keydown", onKey);
    return () => window.removeEventListener("keydown", onKey);
  }, []);
}
