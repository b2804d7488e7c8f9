import "@testing-library/jest-dom/vitest";
import "@/i18n";

import { cleanup } from "@testing-library/react";
import { afterEach, vi } from "vitest";

afterEach(cleanup);

// What jsdom lacks and the pages need; each behaves as the real one where a test looks.
globalThis.ResizeObserver = class {
  observe = () => undefined;
  unobserve = () => undefined;
  disconnect = () => undefined;
};
Object.defineProperty(window, "matchMedia", {
  value: (query: string) => ({ matches: false, media: query, addEventListener: () => undefined, removeEventListener: () => undefined }),
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
// axe asks for a canvas to look at icons, and takes null for an answer.
HTMLCanvasElement.prototype.getContext = () => null;
// There is no canvas: plots are looked at by the browser tests.
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
