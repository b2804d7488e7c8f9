import { render, screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, it, vi } from "vitest";

import { ApiError } from "@/lib/api";
import { preferences } from "@/lib/preferences";

import { Dialog } from "./dialog";
import { ErrorBoundary } from "./error-boundary";
import { ErrorState } from "./states";

preferences.update({ language: "en" });

it("tells the server's words, else what it means that none came", () => {
  const { rerender } = render(<ErrorState error={new ApiError(422, "`to` must be later than `from`.")} />);
  expect(screen.getByRole("alert")).toHaveTextContent("`to` must be later than `from`.");
  rerender(<ErrorState error={new ApiError(0, "")} />);
  expect(screen.getByRole("alert")).toHaveTextContent("The server does not respond.");
  rerender(<ErrorState error={new TypeError("x is undefined")} />);
  expect(screen.getByRole("alert")).not.toHaveTextContent("undefined");
});

it("keeps a broken view from taking the page with it, and tries it again", async () => {
  vi.spyOn(console, "error").mockImplementation(() => undefined);
  let broken = true;
  function View() {
    if (broken) throw new Error("broken");
    return <p>repaired</p>;
  }
  render(
    <>
      <p>beside</p>
      <ErrorBoundary>
        <View />
      </ErrorBoundary>
    </>,
  );
  expect(screen.getByText("beside")).toBeVisible();
  broken = false;
  await userEvent.click(screen.getByRole("button", { name: "Try again" }));
  expect(screen.getByText("repaired")).toBeVisible();
});

it("closes a dialog by its cross, and a locked one not at all", async () => {
  const close = vi.fn();
  const { rerender } = render(
    <Dialog open onClose={close} title="Window">
      inside
    </Dialog>,
  );
  await userEvent.click(screen.getByRole("button", { name: "Close" }));
  expect(close).toHaveBeenCalledOnce();
  rerender(
    <Dialog open locked onClose={close} title="Window">
      inside
    </Dialog>,
  );
  expect(screen.queryByRole("button", { name: "Close" })).not.toBeInTheDocument();
});
