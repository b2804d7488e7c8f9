/** Hide the page, as another tab in front of it does, or show it again. */
import { act } from "@testing-library/react";
import { vi } from "vitest";

export function setVisibility(state: DocumentVisibilityState): void {
  vi.spyOn(document, "visibilityState", "get").mockReturnValue(state);
  act(() => void document.dispatchEvent(new Event("visibilitychange", { bubbles: true })));
}
