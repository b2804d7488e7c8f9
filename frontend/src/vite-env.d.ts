/// <reference types="vite/client" />

interface ImportMetaEnv {
  /** The default source of data; URL and settings override it. */
  readonly VITE_API_MODE?: "real" | "mock";
}
