/** What a user removes takes the focus with it, unless it is handed on. */
import { screen, waitFor } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { beforeEach, expect, it } from "vitest";

import { alertSettings } from "@/features/dashboard/alerts/use-alerts";
import type { Api } from "@/lib/api";
import { preferences } from "@/lib/preferences";
import { freshness, kpiReport, orderEvent, timeSeries } from "@/test/fixtures";
import { openApp } from "@/test/open-app";
import { fakeApi } from "@/test/render";

const OFF = { on: false, limit: 50 };
const open = (address: string, answers: Partial<Api>) => openApp(address, fakeApi(answers));
const press = async (name: string | RegExp) => {
  const [button] = await screen.findAllByRole("button", { name });
  button?.focus();
  await userEvent.keyboard("{Enter}");
};

beforeEach(() => {
  localStorage.clear();
  preferences.update({ language: "en", timeZone: "UTC", range: "1h" });
  alertSettings.update({ failed: OFF, cancelled: OFF, orders: OFF, lag: OFF, sound: false });
});

it("goes to the next alert, then to what comes after them", async () => {
  alertSettings.update({ failed: { on: true, limit: 1 }, orders: { on: true, limit: 1_000 } });
  open("/", { getKpi: () => Promise.resolve(kpiReport()), getTimeSeries: () => Promise.resolve(timeSeries(60)) });
  await press("Hide until it passes");
  const last = await screen.findByRole("button", { name: "Hide until it passes" });
  expect(last).toHaveFocus();
  await press("Hide until it passes");
  await waitFor(() => expect(last).not.toBeInTheDocument());
  const main = screen.getByRole("main");
  expect(main.contains(document.activeElement) && document.activeElement !== main).toBe(true);
  alertSettings.update({ failed: OFF, orders: OFF });
});

const EVENTS: Partial<Api> = {
  getEvents: () => Promise.resolve({ ...freshness(), items: [orderEvent()], next_cursor: null }),
};

it("goes to the next filter, then to the search", async () => {
  open("/events?status=failed&currency=USD", EVENTS);
  await press(/^Remove the filter/);
  await waitFor(() => expect(screen.getByRole("button", { name: /^Remove the filter/ })).toHaveFocus());
  await press(/^Remove the filter/);
  await waitFor(() => expect(screen.queryByRole("button", { name: /^Remove the filter/ })).not.toBeInTheDocument());
  expect(document.body).not.toHaveFocus();
});

it("goes to the list, where looking further back ends", async () => {
  let asked = 0;
  const items = [orderEvent()];
  open("/events?status=failed", {
    getEvents: () =>
      Promise.resolve({
        ...freshness(),
        items: (asked += 1) === 1 ? items : [],
        next_cursor: asked > 20 ? null : String(asked),
      }),
  });
  await press("Search further back");
  await screen.findByText(/^That is all/);
  expect(screen.getByRole("grid")).toHaveFocus();
});

it("goes to the way out of a download, and back when it is over", async () => {
  let finish: (() => void) | undefined;
  const downloadEvents: Api["downloadEvents"] = () =>
    new Promise((resolve) => (finish = () => resolve({ rows: 1, bytes: 10 })));
  open("/events", { ...EVENTS, downloadEvents });
  await press("CSV");
  await waitFor(() => expect(screen.getByRole("button", { name: "Cancel the download" })).toHaveFocus());
  finish?.();
  await waitFor(() => expect(screen.getByRole("button", { name: "CSV" })).toHaveFocus());
});

it("goes to the page's content when another page is opened from within the old one", async () => {
  open("/events?status=failed", EVENTS);
  (await screen.findByRole("button", { name: /^Remove the filter/ })).focus();
  await userEvent.keyboard("go");
  await screen.findByRole("heading", { level: 1, name: "Operations" });
  expect(screen.getByRole("main")).toHaveFocus();
});
