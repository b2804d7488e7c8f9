/// <reference types="vite/client" />

interface ImportMetaEnv {
  /** Where the data comes from unless the page's address or the settings say otherwise. */
  readonly VITE_API_MODE?: "real" | "mock";
}
