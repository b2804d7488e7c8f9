/** Keeps the class `dark` of the page true to the preference and to the system. */
import { preferences } from "./preferences";
import { createStore, useStore } from "./store";

const dark = createStore(document.documentElement.classList.contains("dark"));

function apply(query: MediaQueryList): void {
  const { theme } = preferences.get();
  const next = theme === "dark" || (theme === "system" && query.matches);
  document.documentElement.classList.toggle("dark", next);
  document.querySelector('meta[name="theme-color"]')?.setAttribute("content", next ? "#12161b" : "#f7f8f9");
  dark.set(next);
}

/** Follow the preference from now on. */
export function startTheme(): void {
  const query = window.matchMedia("(prefers-color-scheme: dark)");
  const follow = () => apply(query);
  follow();
  query.addEventListener("change", follow);
  preferences.subscribe(follow);
}

/** Whether the page is dark now: for what draws on a canvas. */
export function useDark(): boolean {
  return useStore(dark);
}
