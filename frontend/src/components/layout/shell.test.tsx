import { act, screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { beforeEach, describe, expect, it } from "vitest";

import { preferences } from "@/lib/preferences";
import { token, tokenWanted } from "@/lib/token";
import type { Freshness } from "@/lib/types";
import { openDialog, wallMode } from "@/lib/page/ui-state";
import { ABOUT, fakeApi, renderPage } from "@/test/render";

import { Shell } from "./shell";

const show = (answers: Parameters<typeof fakeApi>[0] = {}) => {
  const api = fakeApi(answers);
  const page = renderPage(
    <Shell>
      <h1>Inside</h1>
    </Shell>,
    api,
  );
  return { api, ...page };
};

/** The newest event was `lagS` ago, and the line is as said. */
async function live(
  hub: ReturnType<typeof show>["hub"],
  phase: "live" | "polling" | "disconnected",
  lagS: number,
  pipeline: Freshness["pipeline"] = "running",
) {
  await screen.findByText("Inside");
  const now = new Date().toISOString();
  const newest = new Date(Date.now() - lagS * 1_000).toISOString();
  act(() => {
    hub.note({ as_of: now, newest_event_time: newest, event_time_lag_s: lagS, stale: false, pipeline });
    hub.status.set({
      ...hub.status.get(),
      phase,
      reason: phase === "disconnected" ? "unreachable" : null,
      heardAt: Date.now() - (phase === "disconnected" ? 10_000 : 0),
    });
  });
}

beforeEach(() => {
  preferences.update({ language: "en", theme: "system" });
  openDialog.set(null);
  wallMode.set(false);
  token.set(null);
  tokenWanted.set(false);
});

describe("freshness", () => {
  it("says how far behind the page is", async () => {
    const { hub } = show();
    await live(hub, "live", 0.6);
    expect(screen.getByTestId("freshness")).toHaveTextContent(/^Live · 0\.[67] s behind$/);
    expect(screen.queryByTestId("connection-band")).not.toBeInTheDocument();
  });

  it("turns stale in plain words, though the line stands", async () => {
    const { hub } = show();
    await live(hub, "live", 125);
    expect(screen.getByTestId("freshness")).toHaveTextContent("Stale · 2 min behind");
    expect(screen.getByTestId("connection-band")).toHaveTextContent("the newest event is 2 min old");
  });

  it.each([
    ["stopped", 1, "Stopped", "The stream was stopped"],
    ["source_stopped", 125, "Stopped", "The generator was stopped"],
    ["starting", 125, "Starting", "The pipeline is starting"],
  ] as const)("calls nobody quiet where it is %s", async (pipeline, lagS, label, text) => {
    const { hub } = show();
    await live(hub, "live", lagS, pipeline);
    expect(screen.getByTestId("freshness")).toHaveTextContent(new RegExp(`^${label} · `));
    expect(screen.getByTestId("connection-band")).toHaveTextContent(text);
    expect(screen.queryByText(/quiet/)).not.toBeInTheDocument();
  });

  it("says that it is disconnected, why, and offers to try again", async () => {
    const { hub } = show();
    await live(hub, "disconnected", 12);
    const band = screen.getByTestId("connection-band");
    expect(band).toHaveTextContent("The server does not respond.");
    expect(within(band).getByRole("button", { name: "Connect now" })).toBeVisible();
  });

  it("has what is wrong read out, and not each second that goes by", async () => {
    const { hub } = show();
    await live(hub, "live", 0.6);
    const status = screen.getByRole("status");
    expect(status).toBeEmptyDOMElement();
    await live(hub, "disconnected", 12);
    act(() => hub.status.set({ ...hub.status.get(), retryAt: Date.now() + 30_000 }));
    expect(screen.getByTestId("connection-band")).toHaveTextContent(/Next attempt in \d+ s/);
    expect(status.textContent).toBe("Disconnected. The server does not respond.");
  });

  it("claims nothing of the data before it heard of any", async () => {
    const { hub } = show();
    await screen.findByText("Inside");
    act(() => hub.status.set({ ...hub.status.get(), phase: "disconnected", reason: "unreachable" }));
    expect(screen.getByTestId("freshness")).toHaveTextContent(/^Disconnected$/);
    act(() => hub.status.set({ ...hub.status.get(), phase: "live", reason: null }));
    expect(screen.getByTestId("freshness")).toHaveTextContent("Live · no events yet");
  });

  it("explains polling when asked", async () => {
    const { hub } = show();
    await live(hub, "polling", 3);
    await userEvent.click(screen.getByTestId("freshness"));
    expect(await screen.findByText(/the numbers are read every 5 seconds instead/)).toBeVisible();
  });
});

describe("keyboard", () => {
  it("goes to the pages, and lists its shortcuts", async () => {
    const { router } = show();
    await screen.findByText("Inside");
    await userEvent.keyboard("?");
    expect(screen.getByRole("dialog", { name: "Keyboard shortcuts" })).toHaveTextContent("Go to Events");
    await userEvent.click(screen.getByRole("button", { name: "Close" }));
    await userEvent.keyboard("ge");
    await waitFor(() => expect(router.state.location.pathname).toBe("/events"));
  });

  it("can skip to the content", async () => {
    show();
    expect(await screen.findByRole("link", { name: "Skip to the content" })).toHaveAttribute("href", "#content");
  });
});

describe("settings", () => {
  it("switch language and theme at once, and remember them", async () => {
    show();
    await screen.findByText("Inside");
    await userEvent.keyboard(",");
    await userEvent.click(screen.getByRole("radio", { name: "Dark" }));
    await userEvent.click(screen.getByRole("radio", { name: "Tiếng Việt" }));
    expect(await screen.findByRole("dialog", { name: "Cài đặt" })).toBeVisible();
    expect(document.documentElement.lang).toBe("vi");
    expect(JSON.parse(localStorage.getItem("orderpulse.preferences") ?? "{}")).toMatchObject({
      theme: "dark",
      language: "vi",
    });
  });
});

describe("a server that demands a token", () => {
  it("is given one, for this tab only", async () => {
    show({ getAbout: () => Promise.resolve({ ...ABOUT, auth: "required", scopes: [] }) });
    const dialog = await screen.findByRole("dialog", { name: "Sign in" });
    await userEvent.type(within(dialog).getByLabelText("Access token (JWT)"), "Bearer abc.def.ghi");
    await userEvent.click(within(dialog).getByRole("button", { name: "Sign in" }));
    expect(token.get()).toBe("abc.def.ghi");
    expect(sessionStorage.getItem("orderpulse.token")).toBe("abc.def.ghi");
    await waitFor(() => expect(screen.queryByRole("dialog", { name: "Sign in" })).not.toBeInTheDocument());
  });

  it("says that it refused the last one", async () => {
    token.set("old");
    tokenWanted.set(true);
    show();
    expect(await screen.findByText("The server did not accept the last token.")).toBeVisible();
  });
});

it("is out of the way in wall mode", async () => {
  show();
  await screen.findByText("Inside");
  act(() => wallMode.set(true));
  expect(screen.queryByRole("navigation")).not.toBeInTheDocument();
});

it("marks simulated data, and only that", async () => {
  show({ mode: "mock" });
  expect(await screen.findByTestId("mock-badge")).toHaveTextContent("MOCK data");
  show();
  expect(screen.getAllByTestId("mock-badge")).toHaveLength(1);
});
