import "@testing-library/jest-dom/vitest";
import "@/i18n";

import { cleanup, configure } from "@testing-library/react";
import { afterEach, vi } from "vitest";

afterEach(() => {
  cleanup();
  window.history.replaceState(null, "", "/");
});
// For a busy machine.
configure({ asyncUtilTimeout: 10_000 });

// What the pages need and jsdom lacks; each behaves like the real one as far as tests look.
globalThis.ResizeObserver = class {
  observe = () => undefined;
  unobserve = () => undefined;
  disconnect = () => undefined;
};
Object.defineProperty(window, "matchMedia", {
  value: (query: string) => ({
    matches: false,
    media: query,
    addEventListener: () => undefined,
    removeEventListener: () => undefined,
  }),
});
window.scrollTo = () => undefined;
Object.assign(HTMLDialogElement.prototype, {
  showModal(this: HTMLDialogElement) {
    this.open = true;
  },
  close(this: HTMLDialogElement) {
    this.open = false;
    this.dispatchEvent(new Event("close"));
  },
});
// axe requests a canvas to check icons, and accepts null.
HTMLCanvasElement.prototype.getContext = () => null;
// There is no canvas: the browser tests cover plots.
vi.mock("uplot", () => ({
  default: class {
    static paths = {};
    data: unknown;
    scales = {};
    width = 300;
    height = 200;
    constructor(_options: unknown, data: unknown) {
      this.data = data;
    }
    setData(data: unknown) {
      this.data = data;
    }
    setSize = () => undefined;
    destroy = () => undefined;
  },
}));
