// Runs before the first paint, so that a dark page never flashes white. A separate file
// because the content security policy allows no inline script. Keys: src/lib/preferences.ts.
(function () {
  var theme = "system";
  var language = "";
  try {
    var stored = JSON.parse(localStorage.getItem("orderpulse.preferences") || "{}");
    theme = stored.theme || theme;
    language = stored.language || "";
  } catch {
    // Storage may be blocked or invalid; then the system's theme applies.
  }
  if (matchMedia("(forced-colors: active)").matches) theme = "system";
  var dark = theme === "dark" || (theme === "system" && matchMedia("(prefers-color-scheme: dark)").matches);
  document.documentElement.classList.toggle("dark", dark);
  if (language) document.documentElement.lang = language;
  var meta = document.querySelector('meta[name="theme-color"]');
  if (meta && dark) meta.setAttribute("content", "#12161b");
})();
