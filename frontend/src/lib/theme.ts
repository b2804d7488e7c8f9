/** Keeps the page's class `dark` in sync with the preference and the system. */
import { preferences } from "./preferences";
import { createStore, useStore } from "./store";

const dark = createStore(document.documentElement.classList.contains("dark"));

/** Apply the preference from now on. Forced colours follow the system's theme, and printed pages are light. */
export function startTheme(): void {
  const system = window.matchMedia("(prefers-color-scheme: dark)");
  const forced = window.matchMedia("(forced-colors: active)");
  const print = window.matchMedia("print");
  const follow = () => {
    const theme = forced.matches ? "system" : preferences.get().theme;
    const next = theme === "dark" || (theme === "system" && system.matches);
    document.documentElement.classList.toggle("dark", next);
    document.querySelector('meta[name="theme-color"]')?.setAttribute("content", next ? "#12161b" : "#f7f8f9");
    dark.set(next && !print.matches);
  };
  follow();
  for (const query of [system, forced, print]) query.addEventListener("change", follow);
  preferences.subscribe(follow);
}

/** Whether the page is dark, for drawing on a canvas. */
export function useDark(): boolean {
  return useStore(dark);
}
