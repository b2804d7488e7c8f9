import axe from "axe-core";
import { screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import * as v from "valibot";
import { beforeEach, describe, expect, it, vi } from "vitest";

import { type Api, ApiError } from "@/lib/api";
import { preferences } from "@/lib/preferences";
import type { FailedMessage, ReplayCounts, RunOutcome, SenderStatus, SourceStatus, TryResult } from "@/lib/types";
import { at } from "@/test/fixtures";
import { health } from "@/test/health";
import { ABOUT, fakeApi, renderPage } from "@/test/render";
import { failedMessage, source, triedEvent } from "@/test/sources";

import SourcesPage from "./page";
import { SourcesSearch } from "./search";

const SINCE = at(-7_200);
const STRIPE = source("stripe", {
  title: "Stripe",
  connected: true,
  secret_set: true,
  last_received_at: at(-3),
  last_hour: { accepted: 1_234, rejected: 2, unmapped: 1, without_event: 0, refused: 0 },
  steps: ["Open Developers.", "Run `orderpulse source secret stripe`."],
  steps_vi: ["Mở Developers.", "Chạy `orderpulse source secret stripe`."],
});
const SHOPIFY = source("shopify", { title: "Shopify", headers: ["x-shopify-topic"] });

function show(path = "/sources", answers: Partial<Api> = {}, items: FailedMessage[] = []) {
  const api = fakeApi({
    getSources: () => Promise.resolve({ since: SINCE, sources: [STRIPE, SHOPIFY], senders: [SENDER] }),
    getFailedMessages: () => Promise.resolve({ since: SINCE, limit: 50, items }),
    ...answers,
  });
  return {
    api,
    ...renderPage(
      <main>
        <SourcesPage />
      </main>,
      api,
      path,
    ),
  };
}

const header = (name: RegExp) => screen.findByRole("button", { name });
const region = (name: string) => screen.findByRole("region", { name });
const SENDER: SenderStatus = { name: "till", last_received_at: at(-5), received: 1_096, rejected: 96, accepted: 1_000 };
const COUNTS: ReplayCounts = {
  judged: 3,
  mapped: 2,
  without_event: 0,
  unmapped: 1,
  admitted: 1_204,
  duplicate: 1,
  refused: 0,
  expired: 0,
  cut: 0,
};
const RESULT: TryResult = { outcome: "events", reason: null, detail: null, events: [triedEvent()] };

beforeEach(() => {
  localStorage.clear();
  preferences.update({ language: "en", timeZone: "UTC" });
});

describe("the list", () => {
  it("shows what is connected first, with the last hour and when something came", async () => {
    vi.useFakeTimers({ now: Date.parse(at(0)), toFake: ["Date"] });
    show();
    const connected = await region("Connected");
    const line = within(connected).getByRole("button");
    expect(line).toHaveTextContent("1,234 accepted");
    expect(line).toHaveTextContent("2 rejected");
    expect(line).not.toHaveTextContent("refused");
    expect(line).toHaveTextContent("Last received 3 s ago");
    expect(connected).toHaveTextContent("since it started 1 Mar, 08:00");
    expect(within(await region("Not connected yet")).getByRole("button")).toHaveTextContent(/^Shopify$/);
    vi.useRealTimers();
  });

  it("shows the checks for mistakes of senders, failed ones first, and no others", async () => {
    const check = (name: string, passed: boolean) => ({
      asset: "events_clean",
      name,
      passed,
      severity: "WARN" as const,
      text: `About ${name}.`,
      evaluated_at: at(-30),
      url: `http://localhost:3000/${name}`,
    });
    const checks = [check("double_payments", true), check("freshness", false), check("unusual_amounts", false)];
    show("/sources", { getSystemHealth: () => Promise.resolve(health({ checks })) });
    const guards = within(await region("Mistakes of senders"));
    const [first, second, ...others] = guards.getAllByRole("listitem");
    expect(first).toHaveTextContent(/Warning.*Unusual amounts.*About unusual_amounts\./);
    expect(second).toHaveTextContent(/Passed.*Payments reported twice/);
    expect(others).toEqual([]);
  });

  it("says that the checks are unknown while Dagster does not respond", async () => {
    show("/sources", { getSystemHealth: () => Promise.resolve(health({ checks: null })) });
    expect(await region("Mistakes of senders")).toHaveTextContent("Dagster does not respond");
  });

  it("keeps the open source in the address", async () => {
    const { router } = show();
    await userEvent.click(await header(/Stripe/));
    expect(router.state.location.search).toEqual({ source: "stripe" });
    expect(await header(/Stripe/)).toHaveAttribute("aria-expanded", "true");
    await userEvent.click(await header(/Shopify/));
    expect(router.state.location.search).toEqual({ source: "shopify" });
    await userEvent.click(await header(/Shopify/));
    expect(router.state.location.search).toEqual({});
  });

  it("opens by the keyboard", async () => {
    show();
    (await header(/Stripe/)).focus();
    await userEvent.keyboard("{Enter}");
    expect(await region("Connect")).toBeVisible();
  });

  it("teaches while nothing is connected", async () => {
    show("/sources", { getSources: () => Promise.resolve({ since: SINCE, sources: [SHOPIFY], senders: [] }) });
    expect(await screen.findByText("No shop is connected yet")).toBeInTheDocument();
    expect(screen.getByText(/docs\/connect\.md/)).toBeInTheDocument();
    expect(await header(/Shopify/)).toBeInTheDocument();
  });

  it("says what is wrong while intake does not answer, and asks again", async () => {
    const detail = "Intake does not answer.";
    const getSources = vi.fn(() => Promise.reject(new ApiError(503, detail)));
    show("/sources", { getSources });
    expect(await screen.findByRole("alert")).toHaveTextContent(detail);
    await userEvent.click(screen.getByRole("button", { name: "Try again" }));
    await waitFor(() => expect(getSources.mock.calls.length).toBeGreaterThan(1));
  });
});

describe("programs that send events", () => {
  const list = (senders: SenderStatus[], sources: SourceStatus[] = []) => ({
    getSources: () => Promise.resolve({ since: SINCE, sources, senders }),
  });

  it("are shown by the names of their keys, with the stream's verdicts", async () => {
    vi.useFakeTimers({ now: Date.parse(at(0)), toFake: ["Date"] });
    const idle = { name: "depot", last_received_at: null, received: 0, rejected: 0, accepted: 0 };
    show("/sources", list([idle, SENDER]));
    const [depot, till] = within(await region("Programs")).getAllByRole("listitem");
    expect(depot).toHaveTextContent("depot0 accepted0 rejectedNothing received yet");
    expect(till).toHaveTextContent("till1,000 accepted96 rejectedLast received 5 s ago");
    expect(screen.queryByText("No shop is connected yet")).not.toBeInTheDocument();
    vi.useRealTimers();
  });

  it("show what was received while the stream's verdicts are not known", async () => {
    show("/sources", list([{ ...SENDER, rejected: null, accepted: null }]));
    expect(await region("Programs")).toHaveTextContent("1,096 received");
  });
});

describe("messages that wait to be mapped", () => {
  const waiting = (n: number | null): SourceStatus => ({ ...STRIPE, waiting: n });
  const asked = (answers: Partial<Api>, n: number | null = 3) => {
    const getSources = vi.fn(() => Promise.resolve({ since: SINCE, sources: [waiting(n)], senders: [] }));
    const mapAgain = vi.fn(() => Promise.resolve({ run_id: "r1", url: "http://localhost:3000/runs/r1" }));
    return { ...show("/sources?source=stripe", { getSources, mapAgain, ...answers }), getSources, mapAgain };
  };
  const section = () => region("Messages that wait to be mapped");
  const button = () => screen.findByRole("button", { name: "Map again" });

  it("are mapped again by the keyboard, and the outcome is said", async () => {
    let outcome: RunOutcome = { state: "underway", replay: null };
    const getRun = vi.fn(() => Promise.resolve(outcome));
    const { getSources, mapAgain } = asked({ getRun });
    expect(await section()).toHaveTextContent("3 messages did not map and wait.");
    (await button()).focus();
    await userEvent.keyboard("{Enter}");
    expect(await screen.findByText(/It takes about a minute/)).toBeVisible();
    expect(mapAgain).toHaveBeenCalledExactlyOnceWith("stripe");
    expect(await button()).toBeDisabled();
    expect(screen.getByRole("link", { name: "Page of the run" })).toHaveAttribute("href", expect.stringMatching(/r1$/));
    const reads = getSources.mock.calls.length;
    outcome = { state: "succeeded", replay: COUNTS };
    const items = await within(await section()).findAllByRole("listitem", {}, { timeout: 5_000 });
    expect(items.map((item) => item.textContent)).toEqual([
      "2 messages map now",
      "1,204 new events",
      "1 event was there already",
      "1 message still does not map",
    ]);
    await waitFor(() => expect(getSources.mock.calls.length).toBeGreaterThan(reads));
    expect(await button()).toBeEnabled();
    expect(getRun).toHaveBeenLastCalledWith("r1", expect.anything());
  });

  it.each<[RunOutcome, string]>([
    [{ state: "failed", replay: null }, "The run failed"],
    [
      { state: "succeeded", replay: { ...COUNTS, mapped: 0, admitted: 0, duplicate: 0, unmapped: 0 } },
      "No message was waiting",
    ],
  ])("say how a run ended: %o", async (outcome, text) => {
    asked({ getRun: () => Promise.resolve(outcome) });
    await userEvent.click(await button());
    expect(await screen.findByText(new RegExp(text))).toBeVisible();
  });

  it("say why no run was launched", async () => {
    asked({ mapAgain: () => Promise.reject(new ApiError(503, "Dagster does not answer.")) });
    await userEvent.click(await button());
    expect(await screen.findByRole("alert")).toHaveTextContent("Dagster does not answer.");
    expect(await button()).toBeEnabled();
  });

  it("cannot be mapped by a reader", async () => {
    asked({ getAbout: () => Promise.resolve({ ...ABOUT, auth: "required", scopes: ["read"] }) });
    expect(await section()).toHaveTextContent("Your token does not allow this.");
    expect(screen.queryByRole("button", { name: "Map again" })).not.toBeInTheDocument();
  });

  it.each<[number | null, string]>([
    [0, "None."],
    [null, "Their number is not known"],
  ])("offer nothing if there are none: %s", async (n, text) => {
    asked({}, n);
    expect(await section()).toHaveTextContent(text);
    expect(screen.queryByRole("button", { name: "Map again" })).not.toBeInTheDocument();
  });

  it("are accessible, with an outcome, in both languages", async () => {
    preferences.update({ language: "vi" });
    const { container } = asked({ getRun: () => Promise.resolve({ state: "succeeded", replay: COUNTS }) });
    await userEvent.click(await screen.findByRole("button", { name: "Ánh xạ lại" }));
    expect(await screen.findByText("1.204 sự kiện mới")).toBeVisible();
    const { violations } = await axe.run(container, { rules: { "color-contrast": { enabled: false } } });
    expect(violations.map(({ id }) => id)).toEqual([]);
  });
});

describe("an open source", () => {
  it("shows the address, the steps and what each count means", async () => {
    const { container } = show("/sources?source=stripe");
    const connect = await region("Connect");
    expect(connect).toHaveTextContent("https://shop.example.org/v1/sources/stripe");
    expect(within(connect).getByRole("button", { name: "Copy the address" })).toBeInTheDocument();
    expect(
      within(connect)
        .getAllByRole("listitem")
        .map((step) => step.textContent),
    ).toEqual(["Open Developers.", "Run orderpulse source secret stripe."]);
    expect(connect).not.toHaveTextContent("No secret is set");
    expect(await region("Last hour")).toHaveTextContent("1,234acceptedEvents that fit the contract");
    expect(container).toHaveTextContent("Every verified message mapped");
  });

  it("says that a secret is missing, and why the last request was refused", async () => {
    const refused = { at: at(-60), code: "wrong", detail: "English." };
    const broken = source("momo", { connected: true, last_refused: refused });
    show("/sources?source=momo", {
      getSources: () => Promise.resolve({ since: SINCE, sources: [broken], senders: [] }),
    });
    expect(await region("Connect")).toHaveTextContent("orderpulse source secret momo");
    expect(await region("Last hour")).toHaveTextContent("the secret differs");
  });

  it("calls a wrong key a key", async () => {
    const refused = { at: at(-60), code: "wrong_key", detail: "English." };
    const own = source("own", { connected: true, last_refused: refused });
    show("/sources?source=own", {
      getSources: () => Promise.resolve({ since: SINCE, sources: [own], senders: [] }),
    });
    expect(await region("Last hour")).toHaveTextContent("The key differs from the one that is set.");
  });

  it("shows only the fault of a source whose file cannot be used", async () => {
    const broken = source("own", { own: true, fault: "own.yaml: title: Input should be a valid string", steps: [] });
    show("/sources?source=own", {
      getSources: () => Promise.resolve({ since: SINCE, sources: [broken], senders: [] }),
    });
    expect(await region("Connect")).toHaveTextContent("own.yaml: title");
    expect(screen.queryByRole("region", { name: "Try a message" })).not.toBeInTheDocument();
  });

  it("lists what became no accepted event, with the reason and the payload as text", async () => {
    show("/sources?source=stripe", {}, [
      failedMessage({ payload: '{"a":"<b>\u202e"}' }),
      failedMessage({ outcome: "rejected", reason: "currency", detail: "currency: 'JPY' is not one of ['VND']" }),
      failedMessage({ outcome: "rejected", reason: "late", payload_truncated: true, payload_bytes: 9_000 }),
    ]);
    const list = within(await region("Messages received but not counted"));
    const [unmapped, currency, late] = await list.findAllByRole("listitem");
    expect(unmapped).toHaveTextContent("09:59:00Not mappedNothing found for amount");
    expect(unmapped).toHaveTextContent("amount: nothing at `body.amount`");
    const [payload] = list.getAllByLabelText("Beginning of the message", { selector: "pre" });
    expect(payload).toHaveTextContent('{ "a": "<b><U+202E>" }');
    expect(currency).toHaveTextContent("RejectedBreaks the contract: currency");
    expect(late).toHaveTextContent("RejectedToo late");
    expect(late).toHaveTextContent("of 9.0 kB");
    // Only whole messages can be tried.
    expect(list.getAllByText("Try this message")).toHaveLength(2);
  });
});

describe("a tried message", () => {
  it("shows each field with its origin and verdict", async () => {
    const tryMessage = vi.fn(() => Promise.resolve(RESULT));
    show("/sources?source=shopify", { tryMessage });
    await userEvent.type(await screen.findByLabelText("Header x-shopify-topic"), "orders/paid");
    await userEvent.type(screen.getByLabelText("Message as it was sent"), "{{}");
    await userEvent.click(screen.getByRole("button", { name: "Try it" }));
    const table = await screen.findByRole("table", { name: /Event 1: payment_success/ });
    expect(tryMessage).toHaveBeenCalledWith("shopify", {
      payload: "{}",
      headers: { "x-shopify-topic": "orders/paid" },
    });
    expect(screen.getByText("The message gives 1 event.")).toBeInTheDocument();
    expect(table).toHaveTextContent("The contract rejects it");
    const row = (name: string) => within(table).getByRole("rowheader", { name }).closest("tr");
    expect(row("amount")).toHaveTextContent("129.95");
    expect(row("amount")).toHaveTextContent("body.total");
    expect(row("amount")).toHaveTextContent("ok");
    expect(row("currency")).toHaveTextContent("'JPY' is not one of");
    expect(row("eventTime")).toHaveTextContent("late, if sent now");
    expect(row("eventType")).toHaveTextContent("fixed in the source");
  });

  it.each([
    [{ outcome: "unmapped", reason: "not_json", detail: "the body is not JSON", events: [] }, "Not JSON"],
    [{ outcome: "without_event", reason: null, detail: null, events: [] }, "gives no event"],
  ] as const)("says why it gives none: %o", async (result, text) => {
    show("/sources?source=stripe", { tryMessage: () => Promise.resolve({ ...result, events: [] }) });
    await userEvent.type(await screen.findByLabelText("Message as it was sent"), "x");
    await userEvent.click(screen.getByRole("button", { name: "Try it" }));
    const shown = await screen.findByText(/It does not map|gives no event/);
    expect(shown.closest("[role=status]")).toHaveTextContent(text);
  });

  it("is not sent while it is empty, and shows an error of the server", async () => {
    const tryMessage = vi.fn(() => Promise.reject(new ApiError(413, "A body may have up to 65536 bytes.")));
    show("/sources?source=stripe", { tryMessage });
    await userEvent.click(await screen.findByRole("button", { name: "Try it" }));
    expect(await screen.findByRole("alert")).toHaveTextContent("Paste a message first.");
    expect(tryMessage).not.toHaveBeenCalled();
    await userEvent.type(screen.getByLabelText("Message as it was sent"), "x");
    await userEvent.click(screen.getByRole("button", { name: "Try it" }));
    expect(await screen.findByRole("alert")).toHaveTextContent("65536");
  });

  it("comes from the list by a click", async () => {
    show("/sources?source=stripe", {}, [failedMessage()]);
    const list = within(await region("Messages received but not counted"));
    await userEvent.click(await list.findByText(/Nothing found for/));
    await userEvent.click(await list.findByRole("button", { name: "Try this message" }));
    const field = screen.getByLabelText("Message as it was sent");
    expect(field).toHaveValue(failedMessage().payload);
    expect(field).toHaveFocus();
  });
});

describe("for everybody", () => {
  const RULES = { rules: { "color-contrast": { enabled: false } } };

  it.each(["/sources", "/sources?source=stripe", "/sources?source=shopify"])(
    "axe finds nothing in %s",
    async (path) => {
      const { container } = show(path, { tryMessage: () => Promise.resolve(RESULT) }, [failedMessage()]);
      await header(/Stripe/);
      if (path.includes("=")) {
        await userEvent.type(await screen.findByLabelText("Message as it was sent"), "x");
        await userEvent.click(screen.getByRole("button", { name: "Try it" }));
        await screen.findByRole("table");
      }
      const { violations } = await axe.run(container, RULES);
      expect(violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(" ")}`)).toEqual([]);
    },
  );

  it("shows the steps in Vietnamese if the source has them", async () => {
    preferences.update({ language: "vi" });
    show("/sources?source=stripe");
    expect(await region("Kết nối")).toHaveTextContent("Mở Developers.");
    expect(screen.queryByText("Open Developers.")).not.toBeInTheDocument();
  });

  it("shows the steps in English, and says so to a reader, if the source has no others", async () => {
    preferences.update({ language: "vi" });
    show("/sources?source=shopify");
    expect(await screen.findByText("Step one.")).toBeVisible();
    expect(screen.getByText("Step one.").closest("[lang]")).toHaveAttribute("lang", "en");
  });
});

it("drops from the address what is no source", () => {
  expect(v.parse(SourcesSearch, { source: "../x" })).toEqual({ source: undefined });
  expect(v.parse(SourcesSearch, { source: "a-shop" })).toEqual({ source: "a-shop" });
});
