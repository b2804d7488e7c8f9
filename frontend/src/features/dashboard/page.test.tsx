import axe from "axe-core";
import { act, screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import { type Api, ApiError } from "@/lib/api";
import { preferences } from "@/lib/preferences";
import {
  breakdown,
  breakdownValue,
  columns,
  comparison,
  currencyKpi,
  freshness,
  kpiReport,
  NO_COUNTS,
  orderEvent,
  TEN,
  timeSeries,
} from "@/test/fixtures";
import { fakeApi, renderPage } from "@/test/render";
import { setVisibility } from "@/test/visibility";

import { alertSettings } from "./alerts/use-alerts";
import DashboardPage from "./page";

const EVENTS = {
  ...freshness(),
  items: [orderEvent(), orderEvent({ id: "2", event_type: "payment_failed", currency: "USD", amount: "12.50" })],
  next_cursor: null,
};
const FULL: Partial<Api> = {
  getKpi: () => Promise.resolve(kpiReport()),
  getTimeSeries: () => Promise.resolve(timeSeries(60)),
  getEvents: () => Promise.resolve(EVENTS),
};
const AWAY = () =>
  Promise.reject(new ApiError(503, "The database does not respond, or there are too many requests; try again."));

const show = (answers: Partial<Api> = FULL, path = "/") => {
  const api = fakeApi(answers);
  return { api, ...renderPage(<DashboardPage />, api, path) };
};
const card = async (name: string) => screen.findByRole("group", { name });

beforeEach(() => {
  localStorage.clear();
  preferences.update({ language: "en", currency: null, range: "1h", timeZone: "UTC" });
  alertSettings.update({ failed: { on: false, limit: 50 }, lag: { on: false, limit: 60 }, sound: false });
});

describe("with data", () => {
  it("shows each figure with its change, good or bad as it is meant", async () => {
    show();
    const revenue = await card("Revenue");
    await waitFor(() => expect(revenue).toHaveTextContent("₫412,500,000"));
    expect(revenue).toHaveTextContent("+25.0%, better");
    expect(await card("Orders")).toHaveTextContent("1,200+20.0%, better");
    expect(await card("Success rate")).toHaveTextContent("90.0%\u22124.1 pts, worse");
    expect(await card("Failed payments")).toHaveTextContent("100+100.0%, worse");
    expect(await card("Cancelled orders")).toHaveTextContent("60\u221250.0%, better");
  });

  it("says which time the numbers are of, and what they are compared with", async () => {
    show();
    expect(
      await screen.findByText("1 Mar, 09:00 – 10:00, last hour, compared with 1 Mar, 08:00 – 09:00 · UTC"),
    ).toBeVisible();
  });

  it("switches the currency of money, and invents no comparison", async () => {
    show();
    await userEvent.click(await screen.findByRole("radio", { name: "USD" }));
    const revenue = await card("Revenue");
    await waitFor(() => expect(revenue).toHaveTextContent("$9,120.50"));
    expect(revenue).toHaveTextContent("No comparison");
  });

  it("shows the funnel, the outcomes and each currency for itself", async () => {
    const { container } = show();
    await waitFor(() => expect(container.querySelector('[data-funnel="initiated"]')).toHaveTextContent("1,10091.7%"));
    expect(container.querySelector('[data-funnel="paid"]')).toHaveTextContent("90081.8%");
    expect(container.querySelector('[data-outcome="failed"]')).toHaveTextContent("1009.4%");
    expect(container.querySelector('[data-currency="USD"]')).toHaveTextContent("$9,120.50");
    expect(container.querySelector('[data-currency="VND"]')).toHaveTextContent("₫412,500,000");
  });

  it("shows new numbers as they come, without a reload", async () => {
    const { api } = show();
    await card("Orders");
    const next = kpiReport();
    act(() =>
      api.lines.at(-1)?.onMessage({
        kind: "kpi",
        data: { ...next, current: { ...next.current, totals: { ...next.current.totals, orders_created: 1_201 } } },
      }),
    );
    expect(await card("Orders")).toHaveTextContent("1,201");
  });

  it("lists events as they come, and says when they are a selection", async () => {
    const { api } = show();
    await screen.findByText("₫1,499,000");
    act(() =>
      api.lines.at(-1)?.onMessage({
        kind: "events",
        data: {
          ...freshness(1),
          items: [orderEvent({ id: "3", amount: "77.70", currency: "USD" })],
          seen: 57,
          sampled: true,
        },
      }),
    );
    expect(await screen.findByText("$77.70")).toBeVisible();
    expect(screen.getByText("Sampled: 1 of 57 new events")).toBeVisible();
  });

  it("holds the events still under the pointer", async () => {
    const { api } = show();
    const line = await screen.findByText("₫1,499,000");
    await userEvent.hover(line);
    act(() =>
      api.lines.at(-1)?.onMessage({
        kind: "events",
        data: {
          ...freshness(1),
          items: [orderEvent({ id: "3", amount: "77.70", currency: "USD" })],
          seen: 1,
          sampled: false,
        },
      }),
    );
    expect(screen.queryByText("$77.70")).not.toBeInTheDocument();
    expect(screen.getByText("Paused while you hover over it")).toBeVisible();
    await userEvent.unhover(line);
    expect(await screen.findByText("$77.70")).toBeVisible();
  });

  it("holds them still while the focus goes from one to the next", async () => {
    const { api } = show();
    await screen.findByText("$12.50");
    const [, first, second] = within(screen.getByRole("region", { name: "Live events" })).getAllByRole("link");
    act(() => first?.focus());
    act(() =>
      api.lines.at(-1)?.onMessage({
        kind: "events",
        data: {
          ...freshness(1),
          items: Array.from({ length: 8 }, (_, index) =>
            orderEvent({ id: `new${index}`, amount: "77.70", currency: "USD" }),
          ),
          seen: 8,
          sampled: false,
        },
      }),
    );
    await userEvent.tab();
    expect(second).toHaveFocus();
    expect(second).toBeInTheDocument();
    await userEvent.tab();
    expect(await screen.findAllByText("$77.70")).toHaveLength(8);
  });

  it("breaks the revenue down by a field, with shares, changes and success rates", async () => {
    const asked: string[] = [];
    show({
      ...FULL,
      getBreakdown: (range, by) => {
        asked.push(`${by} ${range.range}`);
        return Promise.resolve(breakdown(by));
      },
    });
    const table = await screen.findByRole("table", { name: "Break down by" });
    const rows = () => within(table).getAllByRole("row");
    expect(rows().map((row) => row.textContent)).toEqual([
      "Payment methodRevenueShareChangeSuccess",
      "MoMo₫300,00075.0%+50.0%, better80.0%",
      "Bank qr₫100,00025.0%\u221250.0%, worse–",
      "Unknown₫00.0%No comparison–",
    ]);
    const everyCell = [...table.querySelectorAll("th, td")].map((cell) => cell.className);
    expect(everyCell.filter((classes) => classes.includes("hidden"))).toEqual([]);
    await userEvent.click(screen.getByRole("radio", { name: "Country" }));
    await waitFor(() => expect(rows()[1]).toHaveTextContent("Vietnam₫300,000"));
    const failed = screen.getByRole("table", { name: "Failed payments by reason" });
    expect(within(failed).getAllByRole("row")[1]).toHaveTextContent("Insufficient funds1260.0%+20.0%, worse");
    expect(within(failed).getAllByRole("row")).toHaveLength(3);
    expect(new Set(asked)).toEqual(new Set(["payment_method 1h", "failure_reason 1h", "country 1h"]));
  });

  it("shows eight values of a field, and the others on demand", async () => {
    const values = Array.from({ length: 11 }, (_, index) => breakdownValue(`m${index}`, { revenue: "1.00" }));
    show({ ...FULL, getBreakdown: (_, by) => Promise.resolve(breakdown(by, values)) });
    const table = await screen.findByRole("table", { name: "Break down by" });
    expect(within(table).getAllByRole("row")).toHaveLength(9);
    await userEvent.click(screen.getByRole("button", { name: "Show 3 more" }));
    expect(within(table).getAllByRole("row")).toHaveLength(12);
  });

  it("says so if no payment failed", async () => {
    show({ ...FULL, getBreakdown: (_, by) => Promise.resolve(breakdown(by, [])) });
    expect(await screen.findByText("No payment failed in this range.")).toBeVisible();
    expect(screen.getByText("Nothing was counted in this range.")).toBeVisible();
  });

  it("offers the chart as a table, with the running window marked", async () => {
    show();
    await userEvent.click(await screen.findByRole("button", { name: "Show the numbers as a table" }));
    const rows = within(screen.getByRole("table")).getAllByRole("row");
    expect(rows[1]).toHaveTextContent("10:00–10:01 · still open₫100,000431075.0%");
    expect(rows[2]).toHaveTextContent("09:59–10:00₫100,000");
  });

  it("keeps range and metric in the address", async () => {
    const { router, api } = show();
    await userEvent.click(await screen.findByRole("radio", { name: "24 hours" }));
    await userEvent.click(await screen.findByRole("radio", { name: "Payments" }));
    await waitFor(() => expect(router.state.location.search).toEqual({ range: "24h", metric: "payments" }));
    expect(api.lines).toHaveLength(2);
    await userEvent.keyboard("r");
    await waitFor(() => expect(router.state.location.search).toMatchObject({ range: "today" }));
  });

  it("speaks Vietnamese", async () => {
    preferences.update({ language: "vi" });
    show();
    expect(await card("Doanh thu")).toBeVisible();
    await waitFor(() => expect(document.body).toHaveTextContent("412.500.000"));
  });

  it("has no findings of axe", async () => {
    const { container } = show({ ...FULL, getBreakdown: (_, by) => Promise.resolve(breakdown(by)) });
    await screen.findByText("₫1,499,000");
    await screen.findByRole("table", { name: "Break down by" });
    // jsdom lays nothing out, so contrast is left to the browser test.
    const { violations } = await axe.run(container, {
      rules: { "color-contrast": { enabled: false }, region: { enabled: false } },
    });
    expect(violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join()}`)).toEqual([]);
  });
});

describe("without data", () => {
  it("holds every place while it loads", async () => {
    show({});
    expect(await card("Revenue")).toHaveAttribute("aria-busy", "true");
    expect(screen.queryByTestId("kpi-value")).not.toBeInTheDocument();
    expect(screen.queryByRole("alert")).not.toBeInTheDocument();
  });

  it("says in plain words that there are no events yet, and where to go", async () => {
    const nothing = comparison(-3_600, 0, NO_COUNTS, [currencyKpi("VND"), currencyKpi("USD")]);
    show({
      getKpi: () => Promise.resolve({ ...freshness(0, null), current: nothing, previous: nothing }),
      getTimeSeries: () => Promise.resolve(timeSeries(60, { currencies: { VND: columns(60) } })),
      getEvents: () => Promise.resolve({ ...EVENTS, items: [] }),
    });
    expect(await screen.findByRole("link", { name: "To operations" })).toHaveAttribute("href", "/ops");
    expect(screen.getByText("No events in this range")).toBeVisible();
    expect(await card("Success rate")).toHaveTextContent("–");
    expect(await card("Orders")).toHaveTextContent("0No comparison");
  });

  it("shows what it has where one part is missing", async () => {
    show({ ...FULL, getTimeSeries: AWAY });
    const revenue = await card("Revenue");
    await waitFor(() => expect(revenue).toHaveTextContent("₫412,500,000"));
    expect(await screen.findByRole("alert")).toHaveTextContent(
      "The database does not respond, or there are too many requests; try again.",
    );
  });

  it("tells an error in the server's words, and tries again when asked", async () => {
    let away = true;
    show({ ...FULL, getKpi: () => (away ? AWAY() : Promise.resolve(kpiReport())) });
    const alert = await screen.findByRole("alert");
    expect(alert).toHaveTextContent("The database does not respond");
    away = false;
    await userEvent.click(within(alert).getByRole("button", { name: "Try again" }));
    expect(await card("Orders")).toHaveTextContent("1,200");
  });

  it("keeps the last numbers when a later question fails", async () => {
    let away = false;
    const { client } = show({
      ...FULL,
      getKpi: () => (away ? AWAY() : Promise.resolve(kpiReport())),
      getBreakdown: (_, by) => Promise.resolve(breakdown(by)),
    });
    await waitFor(async () => expect(await card("Orders")).toHaveTextContent("1,200"));
    away = true;
    await act(() => client.invalidateQueries());
    expect(await card("Orders")).toHaveTextContent("1,200");
    expect(screen.queryByRole("alert")).not.toBeInTheDocument();
  });
});

describe("alerts", () => {
  it("appear when a limit is broken, stay hidden when hidden, and are kept", async () => {
    show();
    await userEvent.click(await screen.findByRole("button", { name: "Alerts" }));
    const limit = screen.getByLabelText("Limit: Failed payments above");
    await userEvent.clear(limit);
    await userEvent.type(limit, "14");
    await userEvent.click(screen.getByRole("switch", { name: "Watch: Failed payments above" }));
    const list = await screen.findByRole("list", { name: "Alerts" });
    expect(list).toHaveTextContent("15 failed payments, above 14 in the last 15 minutes");
    // What is read out does not change with the figures.
    expect(screen.getByRole("alert").textContent).toBe("Alerts: Failed payments above 14.");
    expect(JSON.parse(localStorage.getItem("orderpulse.alerts") ?? "{}")).toMatchObject({
      failed: { on: true, limit: 14 },
    });
    await userEvent.click(within(list).getByRole("button", { name: "Hide until it passes" }));
    expect(screen.queryByRole("alert")).not.toBeInTheDocument();
    expect(screen.getByRole("button", { name: "1 alert" })).toBeVisible();
  });

  it("take no limit that is no number", async () => {
    show();
    await userEvent.click(await screen.findByRole("button", { name: "Alerts" }));
    const limit = screen.getByLabelText("Limit: Failed payments above");
    await userEvent.clear(limit);
    await userEvent.type(limit, "-3");
    expect(limit).toHaveAttribute("aria-invalid", "true");
    expect(alertSettings.get().failed.limit).toBe(50);
  });
});

describe("alerts of a hidden page", () => {
  const tone = vi.fn();
  const none = () => undefined;

  /** A hidden dashboard of a shop with `failed` payments a minute, whose newest event is `lagS` old; both may change. */
  async function hidden(shop: { failed: number; lagS: number; away?: boolean }) {
    const nowS = () => (Date.now() - TEN) / 1_000;
    const series = () => ({
      ...timeSeries(60, {
        currencies: { VND: columns(60, { payment_failed: new Array<number>(60).fill(shop.failed) }) },
      }),
      ...freshness(nowS(), shop.lagS),
    });
    const getTimeSeries = vi.fn(() => (shop.away ? AWAY() : Promise.resolve(series())));
    const getKpi = vi.fn(() => Promise.resolve(kpiReport(freshness(nowS(), shop.lagS))));
    const { api } = show({ ...FULL, getKpi, getTimeSeries });
    await act(() => vi.advanceTimersByTimeAsync(1_000));
    setVisibility("hidden");
    act(() => api.lines.at(-1)?.onState({ phase: "connecting", reason: null, retryAt: null }));
    getTimeSeries.mockClear();
    getKpi.mockClear();
    return {
      asked: () => [getTimeSeries.mock.calls.length, getKpi.mock.calls.length],
      firing: () => [...document.querySelectorAll("[data-alert]")].map((each) => each.getAttribute("data-alert")),
      minutes: async (count: number) => {
        await act(() => vi.advanceTimersByTimeAsync(count * 60_000));
        await act(() => vi.advanceTimersByTimeAsync(1_000));
      },
    };
  }

  beforeEach(() => {
    vi.useFakeTimers({ now: TEN });
    tone.mockClear();
    // jsdom has no sound.
    vi.stubGlobal(
      "AudioContext",
      class {
        createGain = () => ({ connect: none, gain: { setValueAtTime: none, exponentialRampToValueAtTime: none } });
        createOscillator = () => ({ frequency: {}, connect: (next: object) => next, start: tone, stop: none });
      },
    );
  });
  afterEach(() => vi.useRealTimers());

  it("begin with a tone, within a minute, by one question a minute", async () => {
    alertSettings.update({ failed: { on: true, limit: 14 }, sound: true });
    const shop = { failed: 0, lagS: 1 };
    const page = await hidden(shop);
    await page.minutes(2);
    expect(page.firing()).toEqual([]);
    expect(tone).not.toHaveBeenCalled();
    shop.failed = 1;
    await page.minutes(1);
    expect(page.firing()).toEqual(["failed"]);
    expect(tone).toHaveBeenCalledTimes(1);
    expect(page.asked()).toEqual([3, 0]);
  });

  it("ask nothing if none is set", async () => {
    alertSettings.update({ sound: true });
    const page = await hidden({ failed: 9, lagS: 900 });
    await page.minutes(30);
    expect(page.asked()).toEqual([0, 0]);
    expect(tone).not.toHaveBeenCalled();
  });

  it("take the age of the newest event from the answer, not from the time since", async () => {
    alertSettings.update({ lag: { on: true, limit: 30 }, sound: true });
    const shop = { failed: 0, lagS: 1 };
    const page = await hidden(shop);
    await page.minutes(5);
    expect(tone).not.toHaveBeenCalled();
    shop.lagS = 45;
    await page.minutes(1);
    expect(page.firing()).toEqual(["lag"]);
    expect(tone).toHaveBeenCalledTimes(1);
  });

  it("tell of a server that does not answer by the age of what it said last", async () => {
    alertSettings.update({ lag: { on: true, limit: 30 }, sound: true });
    const page = await hidden({ failed: 0, lagS: 1, away: true });
    await page.minutes(3);
    expect(page.firing()).toEqual(["lag"]);
    expect(tone).toHaveBeenCalledTimes(1);
  });
});

describe("wall mode", () => {
  it("shows the revenue of every currency at once, and ends with the key it began with", async () => {
    const { router } = show();
    await card("Revenue");
    await userEvent.keyboard("f");
    expect(await screen.findByRole("button", { name: "Leave wall mode" })).toBeVisible();
    expect(document.body).toHaveTextContent("₫412,500,000");
    expect(document.body).toHaveTextContent("$9,120.50");
    expect(router.state.location.searchStr).toBe("?wall=true");
    await userEvent.keyboard("f");
    expect(await card("Revenue")).toBeVisible();
  });
});
