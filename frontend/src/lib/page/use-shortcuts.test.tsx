import { render, screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, it, vi } from "vitest";

import { useShortcuts } from "./use-shortcuts";

const events = vi.fn();
const range = vi.fn();

function Page() {
  useShortcuts({ "g e": events, r: range });
  return <input aria-label="field" />;
}

it("hears single keys and two after each other", async () => {
  render(<Page />);
  await userEvent.keyboard("r");
  expect(range).toHaveBeenCalledOnce();
  await userEvent.keyboard("ge");
  expect(events).toHaveBeenCalledOnce();
});

it("is silent while somebody types, holds a modifier, or has a window open", async () => {
  range.mockClear();
  render(<Page />);
  await userEvent.type(screen.getByLabelText("field"), "r");
  await userEvent.keyboard("{Control>}r{/Control}");
  const dialog = document.body.appendChild(document.createElement("dialog"));
  dialog.open = true;
  screen.getByLabelText("field").blur();
  await userEvent.keyboard("r");
  dialog.remove();
  expect(range).not.toHaveBeenCalled();
});
