import axe from "axe-core";
import { act, configure, screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { beforeEach, describe, expect, it, vi } from "vitest";

import { type Api, ApiError, type EventFile, type EventFilters, type PageQuery } from "@/lib/api";
import type { DownloadOptions, DownloadProgress } from "@/lib/download";
import { preferences } from "@/lib/preferences";
import type { EventBatch, EventPage, OrderEvent, OrderJourney, RejectedRecord } from "@/lib/types";
import { at, freshness, orderEvent } from "@/test/fixtures";
import { fakeApi, renderPage } from "@/test/render";
import { source as sourceStatus } from "@/test/sources";

import EventsPage from "./page";
import { recordKey } from "./drawer/record-key";
import { parseSearch } from "./search";

// A whole page on a busy machine takes its time.
vi.setConfig({ testTimeout: 20_000 });
configure({ asyncUtilTimeout: 4_000 });

const numbered = (index: number, of: Partial<OrderEvent> = {}) =>
  orderEvent({ id: `e${index}`, order_id: `ORD${1_000 + index}`, event_time: at(-index), ...of });
const page = (items: OrderEvent[], next_cursor: string | null = null): EventPage => ({
  ...freshness(),
  items,
  next_cursor,
});
const EIGHT = Array.from({ length: 8 }, (_, index) => numbered(index));

const JOURNEY: OrderJourney = {
  ...freshness(),
  order_id: "ORD1002",
  outcome: "paid",
  truncated: false,
  events: [
    orderEvent({
      id: "created",
      order_id: "ORD1002",
      event_type: "order_created",
      status: "pending",
      event_time: at(-10),
    }),
    orderEvent({
      id: "initiated",
      order_id: "ORD1002",
      event_type: "payment_initiated",
      status: "pending",
      event_time: at(-6),
    }),
    orderEvent({ id: "e2", order_id: "ORD1002", event_time: at(-2) }),
  ],
};

const record = (offset: number, of: Partial<RejectedRecord> = {}): RejectedRecord => ({
  topic: "events_raw",
  partition: 1,
  offset,
  kafka_time: at(-offset),
  reason: "wrong_type",
  detail: "amount: string",
  payload: '{"id":"x","note":"<img src=x onerror=alert(1)>","amount":12345678901234567890}',
  payload_bytes: 77,
  payload_truncated: false,
  payload_sha256: null,
  rejected_at: at(-offset),
  replayed_at: null,
  source: null,
  unmapped_reason: null,
  ...of,
});

const FULL: Partial<Api> = {
  getEvents: () => Promise.resolve(page(EIGHT)),
  getEvent: () => Promise.resolve(JOURNEY),
  getRejected: () =>
    Promise.resolve({
      ...freshness(),
      items: [record(1), record(2, { reason: "late", replayed_at: at(0) })],
      next_cursor: null,
    }),
};

function show(answers: Partial<Api> = {}, path = "/events") {
  const api = fakeApi({ ...FULL, ...answers });
  return {
    api,
    ...renderPage(
      <main>
        <EventsPage />
      </main>,
      api,
      path,
    ),
  };
}

const grid = (name = "Accepted events") => screen.findByRole("grid", { name });
const rowNames = (table: HTMLElement) =>
  within(table)
    .getAllByRole("row")
    .slice(1)
    .map((row) => /ORD\d+/.exec(row.textContent)?.[0]);
const searchOf = (router: unknown) =>
  parseSearch((router as { state: { location: { search: Record<string, unknown> } } }).state.location.search);

function live(api: ReturnType<typeof fakeApi>, items: OrderEvent[], of: Partial<EventBatch> = {}) {
  act(() => {
    api.lines
      .at(-1)
      ?.onMessage({ kind: "events", data: { ...freshness(), items, seen: items.length, sampled: false, ...of } });
  });
}

beforeEach(() => {
  localStorage.clear();
  preferences.update({ language: "en", timeZone: "UTC" });
  // The list is as high as a screen, where jsdom measures nothing.
  vi.spyOn(Element.prototype, "clientHeight", "get").mockReturnValue(700);
  Element.prototype.scrollTo = () => undefined;
});

describe("the list", () => {
  it("shows what each event is, its money with its currency", async () => {
    show();
    const row = within(await grid()).getAllByRole("row")[1];
    expect(row).toHaveTextContent("Paid");
    expect(row).toHaveTextContent("ORD1000");
    expect(row).toHaveTextContent("USR1234");
    expect(row).toHaveTextContent("₫1,499,000 VND");
    expect(row).toHaveTextContent("Success");
  });

  it("reads on by the cursor, with the very filters of the first page", async () => {
    const asked: (EventFilters & PageQuery)[] = [];
    show(
      {
        getEvents: (params) => {
          asked.push(params);
          return Promise.resolve(params.cursor === undefined ? page(EIGHT.slice(0, 5), "next") : page(EIGHT.slice(5)));
        },
      },
      "/events?span=15m",
    );
    expect(await screen.findByText("That is all: 8 events.")).toBeInTheDocument();
    expect(asked[1]?.cursor).toBe("next");
    expect(asked[1]?.from).toBe(asked[0]?.from);
    expect(asked[0]?.from).toBeDefined();
  });

  it("follows empty pages automatically, and asks before it continues for long", async () => {
    let pages = 0;
    show({ getEvents: () => Promise.resolve(page([], `c${pages++}`)) }, "/events?q=rare");
    await userEvent.click(await screen.findByRole("button", { name: "Search further back" }));
    const before = pages;
    await waitFor(() => expect(pages).toBeGreaterThan(before));
  });

  it("keeps what is there when older rows cannot be read, and tries again", async () => {
    let broken = true;
    show({
      getEvents: ({ cursor }) => {
        if (cursor === undefined) return Promise.resolve(page(EIGHT.slice(0, 3), "next"));
        return broken ? Promise.reject(new ApiError(503, "busy")) : Promise.resolve(page(EIGHT.slice(3)));
      },
    });
    expect(await screen.findByText("Older rows could not be loaded.")).toBeInTheDocument();
    expect(rowNames(await grid())).toHaveLength(3);
    broken = false;
    await userEvent.click(screen.getByRole("button", { name: "Try again" }));
    expect(await screen.findByText("That is all: 8 events.")).toBeInTheDocument();
  });

  it("loads with a skeleton", async () => {
    show({ getEvents: () => new Promise(() => undefined) });
    expect(await screen.findByRole("status", { name: "Loading" })).toBeInTheDocument();
  });

  it("says what went wrong and tries again", async () => {
    let answer: () => Promise<EventPage> = () => Promise.reject(new ApiError(503, "The database does not respond."));
    show({ getEvents: () => answer() });
    expect(await screen.findByRole("alert")).toHaveTextContent("The database does not respond.");
    answer = () => Promise.resolve(page(EIGHT));
    await userEvent.click(screen.getByRole("button", { name: "Try again" }));
    expect(await grid()).toBeInTheDocument();
  });

  it("recovers by itself, without the error flickering meanwhile", async () => {
    let answer: () => Promise<EventPage> = () => Promise.reject(new ApiError(503, "The database does not respond."));
    const getEvents = vi.fn(() => answer());
    show({ getEvents });
    await screen.findByRole("alert");
    let settle: (page: EventPage) => void = () => undefined;
    answer = () => new Promise((resolve) => (settle = resolve));
    await waitFor(() => expect(getEvents.mock.calls.length).toBeGreaterThan(1), { timeout: 8_000 });
    expect(screen.getByRole("alert")).toBeInTheDocument();
    settle(page(EIGHT));
    expect(await screen.findByText("That is all: 8 events.")).toBeInTheDocument();
    expect(screen.queryByRole("alert")).not.toBeInTheDocument();
  });

  it("says how events come to be where there are none", async () => {
    show({ getEvents: () => Promise.resolve(page([])) });
    expect(await screen.findByText("No events yet")).toBeInTheDocument();
    expect(screen.getByText(/Start the generator/)).toBeInTheDocument();
  });

  it("says that the filters match nothing, and clears them", async () => {
    const { router } = show({ getEvents: ({ q }) => Promise.resolve(page(q === "zzz" ? [] : EIGHT)) }, "/events?q=zzz");
    expect(await screen.findByText("No event matches these filters")).toBeInTheDocument();
    await userEvent.click(within(await grid()).getByRole("button", { name: "Clear all" }));
    await waitFor(() => expect(searchOf(router)).toEqual({}));
    expect(await screen.findByText("That is all: 8 events.")).toBeInTheDocument();
  });

  it("marks a list that could not be reloaded", async () => {
    let fails = false;
    const { client } = show({
      getEvents: () => (fails ? Promise.reject(new ApiError(0, "")) : Promise.resolve(page(EIGHT))),
    });
    await grid();
    fails = true;
    await act(() => client.invalidateQueries());
    expect(await screen.findByText(/^The list is from/)).toBeInTheDocument();
    expect(rowNames(await grid())).not.toHaveLength(0);
  });
});

describe("the live tail", () => {
  it("puts new events on top at once", async () => {
    const { api } = show();
    const table = await grid();
    live(api, [numbered(900, { event_time: at(5) })]);
    await waitFor(() => expect(rowNames(table)[0]).toBe("ORD1900"));
  });

  it("shows only what passes the filters", async () => {
    const { api } = show({}, "/events?currency=VND");
    const table = await grid();
    live(api, [numbered(900, { event_time: at(6), currency: "USD" }), numbered(901, { event_time: at(5) })]);
    await waitFor(() => expect(rowNames(table)[0]).toBe("ORD1901"));
  });

  it("is paused by the space bar; what waits is counted and let in", async () => {
    const { api } = show();
    const table = await grid();
    await userEvent.keyboard(" ");
    expect(await screen.findByText("Paused")).toBeInTheDocument();
    live(api, [numbered(900, { event_time: at(5) }), numbered(901, { event_time: at(4) })]);
    const pill = await screen.findByRole("button", { name: "2 new events" });
    expect(rowNames(table)[0]).toBe("ORD1000");
    await userEvent.click(pill);
    expect(rowNames(table).slice(0, 2)).toEqual(["ORD1900", "ORD1901"]);
    await userEvent.click(screen.getByRole("button", { name: /Resume/ }));
    expect(screen.queryByText("Paused")).not.toBeInTheDocument();
  });

  it("does not take a space that is typed", async () => {
    show();
    await grid();
    await userEvent.type(screen.getByRole("searchbox"), "a b");
    expect(screen.queryByText("Paused")).not.toBeInTheDocument();
  });

  it("waits while somebody has scrolled down", async () => {
    const { api } = show();
    const table = await grid();
    table.scrollTop = 400;
    act(() => {
      table.dispatchEvent(new Event("scroll", { bubbles: true }));
    });
    expect(await screen.findByText("Waiting while you read")).toBeInTheDocument();
    live(api, [numbered(900, { event_time: at(5) })]);
    expect(await screen.findByRole("button", { name: "1 new event" })).toBeInTheDocument();
  });

  it("says when it is sampled, and reads the rest when it is paused", async () => {
    const getEvents = vi.fn(FULL.getEvents);
    const { api } = show({ getEvents });
    await grid();
    live(api, [numbered(900, { event_time: at(5) })], { seen: 180, sampled: true });
    expect(await screen.findByText(/^Sampled/)).toBeInTheDocument();
    const before = getEvents.mock.calls.length;
    await userEvent.keyboard(" ");
    await waitFor(() => expect(getEvents.mock.calls.length).toBe(before + 1));
  });

  it("says that nothing new can come into a range of the past", async () => {
    show({}, `/events?from=${at(-3_600)}&to=${at(0)}`);
    expect(await screen.findByText(/is in the past/)).toBeInTheDocument();
    expect(screen.queryByRole("button", { name: /Pause/ })).not.toBeInTheDocument();
  });

  it("says that the line is broken, and why", async () => {
    const { api } = show();
    await grid();
    act(() => api.lines.at(-1)?.onState({ phase: "disconnected", reason: "unauthorized", retryAt: null }));
    expect(await screen.findByText("Not live: The server requires a valid token.")).toBeInTheDocument();
  });
});

describe("the filters", () => {
  it("stand in the address, as chips and in the question", async () => {
    const getEvents = vi.fn(FULL.getEvents);
    const { router } = show({ getEvents });
    await grid();
    await userEvent.click(screen.getByRole("button", { name: "Type" }));
    await userEvent.click(screen.getByRole("checkbox", { name: "Payment failed" }));
    await userEvent.click(screen.getByRole("checkbox", { name: "Order cancelled" }));
    await waitFor(() => expect(searchOf(router)).toEqual({ type: ["payment_failed", "order_cancelled"] }));
    await waitFor(() => expect(getEvents.mock.lastCall?.[0].event_type).toEqual(["payment_failed", "order_cancelled"]));
    await userEvent.keyboard("{Escape}");
    await userEvent.click(screen.getByRole("button", { name: "Remove the filter Type Payment failed" }));
    await waitFor(() => expect(searchOf(router)).toEqual({ type: ["order_cancelled"] }));
  });

  it("are taken from the address, and all cleared at once", async () => {
    const { router } = show({}, "/events?status=failed&currency=USD&user=USR7&q=ORD1&span=1h");
    const chips = await screen.findByRole("list", { name: "Active filters" });
    expect(
      within(chips)
        .getAllByRole("listitem")
        .map((chip) => chip.textContent),
    ).toEqual(["Search ids“ORD1”", "StatusFailed", "CurrencyUSD", "UserUSR7", "Timelast hour"]);
    await userEvent.click(screen.getByRole("button", { name: "Clear all" }));
    await waitFor(() => expect(searchOf(router)).toEqual({}));
  });

  it("search as one types, found by the key /", async () => {
    const { router } = show();
    await grid();
    await userEvent.keyboard("/");
    expect(screen.getByRole("searchbox")).toHaveFocus();
    await userEvent.keyboard("ORD12");
    await waitFor(() => expect(searchOf(router)).toEqual({ q: "ORD12" }));
    await userEvent.keyboard("{Escape}");
    await waitFor(() => expect(searchOf(router)).toEqual({}));
  });

  it("take two moments of the user's time zone, and no end before the beginning", async () => {
    preferences.update({ timeZone: "Asia/Ho_Chi_Minh" });
    const { router } = show();
    await grid();
    await userEvent.click(screen.getByRole("button", { name: "Time" }));
    await userEvent.type(screen.getByLabelText("From"), "2026-03-01T10:00");
    await userEvent.type(screen.getByLabelText("Until"), "2026-03-01T09:00");
    expect(await screen.findByRole("alert")).toHaveTextContent("The end must be after the start.");
    expect(screen.getByRole("button", { name: "Apply" })).toBeDisabled();
    await userEvent.clear(screen.getByLabelText("Until"));
    await userEvent.click(screen.getByRole("button", { name: "Apply" }));
    await waitFor(() => expect(searchOf(router)).toEqual({ from: "2026-03-01T03:00:00.000Z" }));
  });
});

describe("the drawer", () => {
  it("is opened and closed by the keyboard, and shows the order's whole journey", async () => {
    const { router } = show();
    const table = await grid();
    act(() => table.focus());
    await userEvent.keyboard("{ArrowDown}{ArrowDown}{ArrowDown}{Enter}");
    await waitFor(() => expect(searchOf(router)).toEqual({ event: "e2" }));
    const drawer = await screen.findByRole("dialog", { name: "Order ORD1002" });
    const steps = within(within(drawer).getByRole("list", { name: "Journey of the order" })).getAllByRole("listitem");
    expect(steps.map((step) => step.textContent)).toEqual([
      "Order created₫1,499,00009:59:50",
      "Payment initiated₫1,499,00009:59:544.0 s later",
      "Paid₫1,499,00009:59:584.0 s laterThis event",
    ]);
    expect(drawer).toHaveTextContent("Paid 8.0 s after the order.");
    act(() => {
      drawer.dispatchEvent(new Event("cancel", { cancelable: true }));
    });
    await waitFor(() => expect(searchOf(router)).toEqual({}));
    await waitFor(() => expect(table).toHaveFocus());
  });

  it("is closed by the back button, and walks to the neighbours without a step", async () => {
    const { router } = show();
    const table = await grid();
    await userEvent.click(within(table).getByText("ORD1002"));
    const next = await screen.findByRole("button", { name: "Next row" });
    await userEvent.click(next);
    await waitFor(() => expect(searchOf(router)).toEqual({ event: "e3" }));
    expect(next).toHaveFocus();
    act(() => router.history.back());
    await waitFor(() => expect(searchOf(router)).toEqual({}));
    expect(screen.queryByRole("dialog")).not.toBeInTheDocument();
  });

  it("opens by a shared link; closing it leaves the filters", async () => {
    const { router } = show({}, "/events?event=e2&user=USR1234");
    await userEvent.click(
      within(await screen.findByRole("dialog", { name: "Order ORD1002" })).getByRole("button", { name: "Close" }),
    );
    await waitFor(() => expect(searchOf(router)).toEqual({ user: "USR1234" }));
  });

  it("leads to the order's events alone", async () => {
    const { router } = show({}, "/events?event=e2&status=failed");
    await userEvent.click(await screen.findByRole("button", { name: "List only this order" }));
    await waitFor(() => expect(searchOf(router)).toEqual({ order: "ORD1002" }));
  });

  it("copies what can be copied, and says so", async () => {
    const user = userEvent.setup();
    show({}, "/events?event=e2");
    await user.click(await screen.findByRole("button", { name: "Copy Order" }));
    expect(await navigator.clipboard.readText()).toBe("ORD1002");
    expect(await screen.findByText("Copied")).toBeInTheDocument();
  });

  it("says that an event is not to be found", async () => {
    show({ getEvent: () => Promise.reject(new ApiError(404, "There is no event.")) }, "/events?event=gone");
    expect(await screen.findByText("Event not found")).toBeInTheDocument();
  });

  it("tells an order that waits from one that is done", async () => {
    const open: OrderJourney = { ...JOURNEY, outcome: "initiated", events: JOURNEY.events.slice(0, 2) };
    show({ getEvent: () => Promise.resolve(open) }, "/events?event=initiated");
    expect(await screen.findByText("Waiting for the payment's result")).toBeInTheDocument();
    expect(screen.getByText("Payment in progress")).toBeInTheDocument();
  });
});

describe("the file of events", () => {
  it("says how far it is, and can be called off", async () => {
    let options: DownloadOptions = {};
    const downloadEvents = vi.fn((_filters: EventFilters, _file: EventFile, given?: DownloadOptions) => {
      options = given ?? {};
      return new Promise<DownloadProgress>((_resolve, reject) => {
        given?.signal?.addEventListener("abort", () => reject(new DOMException("", "AbortError")));
      });
    });
    show({ downloadEvents }, "/events?currency=USD");
    await userEvent.click(await screen.findByRole("button", { name: "CSV" }));
    expect(downloadEvents.mock.lastCall?.slice(0, 2)).toEqual([{ currency: ["USD"] }, { format: "csv", tz: "UTC" }]);
    expect(screen.getByText("Preparing the file…")).toBeInTheDocument();
    act(() => options.onProgress?.({ rows: 12_000, bytes: 1_800_000 }));
    expect(screen.getByText("12,000 rows · 1.8 MB")).toBeInTheDocument();
    await userEvent.click(screen.getByRole("button", { name: "Cancel the download" }));
    expect(await screen.findByText("The download was cancelled.")).toBeInTheDocument();
  });

  it("is a spreadsheet, too, in the chosen zone", async () => {
    preferences.update({ timeZone: "Asia/Ho_Chi_Minh" });
    const downloadEvents = vi.fn(() => Promise.resolve({ rows: 3, bytes: 9_000 }));
    show({ downloadEvents }, "/events?order=662E41");
    await userEvent.click(await screen.findByRole("button", { name: "Excel" }));
    expect(downloadEvents).toHaveBeenCalledWith(
      { order_id: "662E41" },
      { format: "xlsx", tz: "Asia/Ho_Chi_Minh" },
      expect.anything(),
    );
    expect(await screen.findByText("Saved 3 rows.")).toBeInTheDocument();
  });

  it("says how much was saved, or what went wrong", async () => {
    let answer: () => Promise<DownloadProgress> = () =>
      Promise.reject(new ApiError(503, "The database does not respond."));
    show({ downloadEvents: () => answer() });
    await userEvent.click(await screen.findByRole("button", { name: "CSV" }));
    expect(await screen.findByText("The download failed: The database does not respond.")).toBeInTheDocument();
    answer = () => Promise.resolve({ rows: 20, bytes: 1_000 });
    await userEvent.click(screen.getByRole("button", { name: "CSV" }));
    expect(await screen.findByText("Saved 20 rows.")).toBeInTheDocument();
  });
});

describe("the rejected records", () => {
  it("are listed with reason, detail, place and whether they were admitted later", async () => {
    show({}, "/events?tab=rejected");
    const [, first, second] = within(await grid("Rejected records")).getAllByRole("row");
    expect(first).toHaveTextContent("Wrong type");
    expect(first).toHaveTextContent("amount: string");
    expect(first).toHaveTextContent("1 · 1");
    expect(second).toHaveTextContent("Too late");
    expect(second).toHaveTextContent("Replayed");
  });

  it("name the source that they came from, and are filtered by it", async () => {
    const known = sourceStatus("stripe", { title: "Stripe", connected: true });
    const senders = [{ name: "till", last_received_at: null, received: 0, rejected: 0, accepted: 0 }];
    const getRejected = vi.fn(() =>
      Promise.resolve({ ...freshness(), items: [record(1, { source: "till" }), record(2)], next_cursor: null }),
    );
    const getSources = () =>
      Promise.resolve({ since: at(0), sources: [known, sourceStatus("momo", { title: "MoMo" })], senders });
    const { router } = show({ getRejected, getSources }, "/events?tab=rejected&source=old-shop");
    const [head, first] = within(await grid("Rejected records")).getAllByRole("row");
    expect(head).toHaveTextContent("Source");
    expect(first).toHaveTextContent("till");
    await userEvent.click(screen.getByRole("button", { name: /^Source/ }));
    const choices = await screen.findAllByRole("checkbox");
    expect(choices.map((one) => one.closest("label")?.textContent)).toEqual(["old-shop", "till", "Stripe"]);
    await userEvent.click(screen.getByRole("checkbox", { name: "Stripe" }));
    await waitFor(() => expect(searchOf(router)).toEqual({ tab: "rejected", source: ["old-shop", "stripe"] }));
    await waitFor(() =>
      expect(getRejected.mock.lastCall).toEqual([
        expect.objectContaining({ source: ["old-shop", "stripe"] }),
        expect.anything(),
      ]),
    );
    await userEvent.keyboard("{Escape}");
    await userEvent.click(screen.getByRole("button", { name: "Remove the filter Source old-shop" }));
    await waitFor(() => expect(searchOf(router)).toEqual({ tab: "rejected", source: ["stripe"] }));
  });

  it("are reached by the tab, and filtered by reason", async () => {
    const getRejected = vi.fn(FULL.getRejected);
    const { router } = show({ getRejected });
    await userEvent.click(await screen.findByRole("radio", { name: "Rejected" }));
    await grid("Rejected records");
    await userEvent.click(screen.getByRole("button", { name: "Reason" }));
    await userEvent.click(screen.getByRole("checkbox", { name: /^Too late/ }));
    await waitFor(() => expect(searchOf(router)).toEqual({ tab: "rejected", reason: ["late"] }));
    await waitFor(() => expect(getRejected.mock.lastCall?.[0].reason).toEqual(["late"]));
  });

  it("show their payload as text, never as HTML, formatted and as received", async () => {
    const { container } = show({}, "/events?tab=rejected");
    await userEvent.click(within(await grid("Rejected records")).getByText("Wrong type"));
    const drawer = await screen.findByRole("dialog", { name: "Rejected record" });
    const payload = within(drawer).getByLabelText("Payload");
    expect(payload).toHaveTextContent(
      /^\{ "id": "x", "note": "<img src=x onerror=alert\(1\)>", "amount": 12345678901234567890 \}$/,
    );
    expect(container.querySelector("img")).toBeNull();
    expect(drawer).toHaveTextContent("77 bytes");
    await userEvent.click(within(drawer).getByRole("radio", { name: "As received" }));
    await waitFor(() => expect(payload.textContent).toBe(record(1).payload));
  });

  it("show the source of a message that did not map, with the way to map it again", async () => {
    const unmapped = record(1, { source: "stripe", unmapped_reason: "no_amount" });
    show(
      { getRejected: () => Promise.resolve({ ...freshness(), items: [unmapped], next_cursor: null }) },
      `/events?tab=rejected&record=${recordKey(unmapped)}`,
    );
    const drawer = await screen.findByRole("dialog", { name: "Rejected record" });
    const link = await within(drawer).findByRole("link", { name: "stripe" });
    expect(drawer).toHaveTextContent("stripe: it made no event of this message: no_amount");
    expect(link).toHaveAttribute("href", "/sources?source=stripe");
  });

  it("fold a long payload, and say when it was cut off", async () => {
    const long = record(1, { payload: "x".repeat(4_000), payload_bytes: 9_000, payload_truncated: true });
    show(
      { getRejected: () => Promise.resolve({ ...freshness(), items: [long], next_cursor: null }) },
      `/events?tab=rejected&record=${recordKey(long)}`,
    );
    const drawer = await screen.findByRole("dialog", { name: "Rejected record" });
    const payload = await within(drawer).findByLabelText("Payload");
    expect(payload.textContent.length).toBeLessThan(2_000);
    await userEvent.click(within(drawer).getByRole("button", { name: "Show all" }));
    expect(payload.textContent).toHaveLength(4_000);
    expect(drawer).toHaveTextContent("Only the first 4.0 kB of 9.0 kB are shown.");
  });

  it("say that only the beginning of a large record was kept", async () => {
    const sha256 = "ab".repeat(32);
    const large = record(1, {
      reason: "too_large",
      payload: "x".repeat(4_096),
      payload_bytes: 200_000_000,
      payload_truncated: true,
      payload_sha256: sha256,
    });
    show(
      { getRejected: () => Promise.resolve({ ...freshness(), items: [large], next_cursor: null }) },
      `/events?tab=rejected&record=${recordKey(large)}`,
    );
    const drawer = await screen.findByRole("dialog", { name: "Rejected record" });
    await within(drawer).findByLabelText("Payload");
    expect(drawer).toHaveTextContent(
      `Only the first 4.1 kB of 200.0 MB were stored. SHA-256 of the whole record: ${sha256}`,
    );
    expect(drawer).toHaveTextContent("The decompressed record is larger than 1 MiB.");
  });

  it("are found by a shared link that no page of the list holds", async () => {
    const old = record(99_999);
    const getRejected = vi.fn<Api["getRejected"]>(({ from }) =>
      Promise.resolve({ ...freshness(), items: from === undefined ? [] : [old], next_cursor: null }),
    );
    show({ getRejected }, `/events?tab=rejected&record=${recordKey(old)}`);
    expect(await screen.findByText("events_raw, partition 1, offset 99999")).toBeInTheDocument();
    expect(getRejected).toHaveBeenCalledWith({ from: old.rejected_at, to: at(-99_998), limit: 500 }, expect.anything());
  });

  it("say so where nothing was rejected", async () => {
    show(
      { getRejected: () => Promise.resolve({ ...freshness(), items: [], next_cursor: null }) },
      "/events?tab=rejected",
    );
    expect(await screen.findByText("Nothing was rejected")).toBeInTheDocument();
  });
});

describe("every reader", () => {
  const RULES = { rules: { "color-contrast": { enabled: false } } };

  it.each(["/events", "/events?tab=rejected", "/events?event=e2", "/events?type=payment_failed&span=1h"])(
    "axe finds nothing in %s",
    async (path) => {
      const { container } = show({}, path);
      await screen.findAllByRole("row", { hidden: true });
      if (path.includes("event=")) await screen.findByRole("list", { name: "Journey of the order" });
      const { violations } = await axe.run(container, RULES);
      expect(violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(" ")}`)).toEqual([]);
    },
  );

  it("finds every text in Vietnamese", async () => {
    preferences.update({ language: "vi" });
    show();
    const table = await screen.findByRole("grid", { name: "Sự kiện hợp lệ" });
    expect(
      within(table)
        .getAllByRole("columnheader")
        .map((header) => header.textContent),
    ).toEqual(["Thời gian", "Loại", "Đơn hàng", "Người dùng", "Số tiền", "Trạng thái"]);
    expect(within(table).getAllByRole("row")[1]).toHaveTextContent("1.499.000 ₫ VND");
  });

  it("keeps the rows' height", async () => {
    show();
    await grid();
    await userEvent.click(screen.getByRole("radio", { name: "Dense rows" }));
    const table = await grid();
    await waitFor(() => expect(within(table).getAllByRole("row")[1]?.style.height).toBe("32px"));
    expect(localStorage.getItem("orderpulse.events.density")).toBe('"dense"');
  });

  it("has two lines for an event on a phone, and one button for the filters", async () => {
    vi.spyOn(window, "matchMedia").mockImplementation(
      (media) =>
        ({
          matches: true,
          media,
          addEventListener: () => undefined,
          removeEventListener: () => undefined,
        }) as unknown as MediaQueryList,
    );
    const { router } = show({}, "/events?status=failed");
    const row = within(await grid())
      .getAllByRole("row")
      .at(1);
    expect(row).toHaveTextContent("Paid₫1,499,000ORD1000 · USR1234Success · 10:00:00");
    await userEvent.click(screen.getByRole("button", { name: "Filters (1)" }));
    await userEvent.click(
      within(screen.getByRole("dialog", { name: "Filters" })).getByRole("checkbox", { name: "USD" }),
    );
    await waitFor(() => expect(searchOf(router)).toEqual({ status: ["failed"], currency: ["USD"] }));
  });
});
