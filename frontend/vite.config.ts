import { readdir, readFile, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { brotliCompressSync, gzipSync } from "node:zlib";

import tailwindcss from "@tailwindcss/vite";
import react from "@vitejs/plugin-react";
import type { Plugin } from "vite";
import { defineConfig } from "vitest/config";

const API = process.env["ORDERPULSE_DEV_API"] ?? "http://127.0.0.1:8000";

/** Adds a `.br` and a `.gz` for each text file of the build, which the API sends unchanged. */
function precompressed(): Plugin {
  let folder = "";
  return {
    name: "precompressed",
    apply: "build",
    configResolved: (config) => {
      folder = resolve(config.root, config.build.outDir);
    },
    closeBundle: async () => {
      for (const name of await readdir(folder, { recursive: true })) {
        if (!/\.(js|css|svg|html)$/.test(name)) continue;
        const text = await readFile(join(folder, name));
        await writeFile(join(folder, `${name}.br`), brotliCompressSync(text));
        await writeFile(join(folder, `${name}.gz`), gzipSync(text));
      }
    },
  };
}

export default defineConfig({
  plugins: [react(), tailwindcss(), precompressed()],
  resolve: { alias: { "@": fileURLToPath(new URL("./src", import.meta.url)) } },
  build: {
    target: "es2022",
    // The content security policy allows no data: scripts, and small assets are better cached as files.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
  server: { proxy: { "/api": API } },
  preview: { proxy: { "/api": API } },
  test: {
    environment: "jsdom",
    isolate: false, // one jsdom window for all files takes half the time; tests clean up after themselves
    setupFiles: ["./src/test/setup.ts"],
    restoreMocks: true,
    testTimeout: 30_000, // a complex page takes seconds on a busy machine
    unstubGlobals: true,
  },
});
