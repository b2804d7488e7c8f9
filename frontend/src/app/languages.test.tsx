/**
 * No English is left on the Vietnamese pages: each page is shown in both languages, and what a Vietnamese reader gets may
 * hold no word of the English page, but for the words that the Vietnamese texts use too, such as Kafka, and codes: all in
 * capitals, or with a digit or an underscore, or marked as code or as a name. Texts that only other programs can write (checks, incidents) stand in a closed `<details>`.
 */
import { screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import i18next from "i18next";
import { beforeEach, describe, expect, it } from "vitest";

import { alertSettings } from "@/features/dashboard/alerts/use-alerts";
import { ADVICE, VIETNAMESE as SENTENCES } from "@/features/ops/components/sentences";
import { component, health } from "@/test/health";
import { LANGUAGES } from "@/i18n";
import { VIETNAMESE as PROBLEMS } from "@/i18n/problems";
import { type Api, ApiError } from "@/lib/api";
import { preferences } from "@/lib/preferences";
import type { Link } from "@/lib/types";
import { announcement, openDialog } from "@/lib/page/ui-state";
import { at, freshness, kpiReport, orderEvent, timeSeries } from "@/test/fixtures";
import { openApp } from "@/test/open-app";
import { ABOUT, fakeApi } from "@/test/render";
import { failedMessage, source, triedEvent } from "@/test/sources";

const READ = [
  "aria-label",
  "aria-description",
  "aria-roledescription",
  "aria-valuetext",
  "alt",
  "title",
  "placeholder",
];
const ENGLISH = "Words which only the server writes.";
const KINDS: Record<Link["kind"], true> = {
  dagster: true,
  asset_graph: true,
  automation: true,
  asset: true,
  checks: true,
  job: true,
  docs: true,
  view: true,
};
const LINKS = (Object.keys(KINDS) as Link["kind"][]).map((kind): Link => ({
  kind,
  name: "events_clean",
  label: ENGLISH,
  url: `http://localhost/${kind}`,
}));

const RECORD = {
  topic: "events_raw",
  partition: 1,
  offset: 7,
  kafka_time: at(-3),
  reason: "too_large" as const,
  detail: "2000000 bytes",
  payload: "{}",
  payload_bytes: 2_000_000,
  payload_truncated: true,
  payload_sha256: "0".repeat(64),
  rejected_at: at(-2),
  replayed_at: at(0),
  source: "stripe",
  unmapped_reason: "no_amount",
};

/** A component in trouble: its summary and its advice are English. */
const troubled = (code: string) =>
  component("kafka", {
    state: "error",
    summary: ENGLISH,
    sentence: { code, values: { names: "kpi_1m" } },
    advice: ENGLISH,
    links: LINKS,
  });
const CHECK = {
  asset: "kpi_1m",
  name: "null_rate",
  passed: false,
  severity: "ERROR" as const,
  text: ENGLISH,
  evaluated_at: at(-30),
  url: "http://localhost/a",
};
/** Its steps are in both languages. */
const SOURCE = source("stripe", {
  connected: true,
  steps: [ENGLISH],
  steps_vi: ["Mở."],
  last_refused: { at: at(-60), code: "of_a_newer_server", detail: ENGLISH },
});

const FULL: Partial<Api> = {
  getAbout: () => Promise.resolve({ ...ABOUT, links: LINKS }),
  getKpi: () => Promise.resolve(kpiReport()),
  getTimeSeries: () => Promise.resolve(timeSeries(60)),
  getEvents: () => Promise.resolve({ ...freshness(), items: [orderEvent()], next_cursor: null }),
  getEvent: () =>
    Promise.resolve({
      ...freshness(),
      order_id: "ORD123456",
      outcome: "paid",
      truncated: true,
      events: [orderEvent()],
    }),
  getRejected: () => Promise.resolve({ ...freshness(), items: [RECORD], next_cursor: null }),
  getSources: () =>
    Promise.resolve({
      since: at(-60),
      sources: [{ ...SOURCE, waiting: 2 }, source("paypal", { fault: ENGLISH, steps: [] })],
      senders: [{ name: "till", last_received_at: at(-5), received: 9, rejected: 2, accepted: 7 }],
    }),
  getFailedMessages: () =>
    Promise.resolve({
      since: at(-60),
      limit: 50,
      items: [failedMessage({ detail: ENGLISH }), failedMessage({ outcome: "rejected", reason: "late" })],
    }),
  tryMessage: () => Promise.resolve({ outcome: "events", reason: null, detail: null, events: [triedEvent()] }),
  getSystemHealth: () =>
    Promise.resolve(
      health({
        components: [...health().components.filter(({ name }) => name !== "kafka"), troubled("kafka_waits")],
        incidents: [
          { incident: "check:kpi_1m/null_rate", title: ENGLISH, text: ENGLISH, opened_at: at(-60) },
          { incident: "failing:stream", title: ENGLISH, text: ENGLISH, opened_at: at(-60) },
        ],
        checks: [CHECK],
      }),
    ),
};

const failing = (error: () => Error): Partial<Api> => {
  const reject = () => Promise.reject(error());
  return {
    getKpi: reject,
    getTimeSeries: reject,
    getEvents: reject,
    getEvent: reject,
    getRejected: reject,
    getSystemHealth: reject,
    getSources: reject,
    downloadEvents: reject,
    operate: reject,
  };
};
const problem = (status: number, code: string) =>
  new ApiError(status, ENGLISH, {
    type: "about:blank",
    title: ENGLISH,
    status,
    detail: ENGLISH,
    code,
    values: { limit: 200_000, scope: "WRITE", names: "TO" },
    instance: "/",
    request_id: "4f0c",
    errors: null,
  });

/** What a reader sees or hears, one text a line. */
function shown(): string[] {
  const texts: string[] = [document.title];
  for (const element of document.body.querySelectorAll("*")) {
    if (
      element.closest(
        "script, style, [hidden], code, pre, [translate='no'], details:not([open]) > :not(summary), [lang='en']:is(details *), option[value*='/']",
      ) !== null
    )
      continue;
    for (const node of element.childNodes)
      if (node.nodeType === Node.TEXT_NODE && node.textContent !== null) texts.push(node.textContent);
    for (const name of READ) texts.push(element.getAttribute(name) ?? "");
  }
  return texts;
}

const words = (texts: readonly string[]) =>
  new Set(
    texts
      .flatMap((text) => text.match(/[\p{L}\p{N}_]{3,}/gu) ?? [])
      .filter((word) => !/[\d_]|^\p{Lu}+$/u.test(word))
      .map((word) => word.toLowerCase()),
  );
const textsOf = (catalogue: unknown): string[] =>
  typeof catalogue === "string"
    ? [catalogue.replace(/\{\{?\w+\}\}?/g, "")]
    : Object.values(catalogue as object).flatMap(textsOf);

async function wordsOf(language: "en" | "vi", address: string, answers: Partial<Api>, act: () => Promise<unknown>) {
  preferences.update({ language });
  const view = openApp(address, fakeApi(answers));
  await act();
  const found = words(shown());
  openDialog.set(null);
  announcement.set("");
  view.unmount();
  return found;
}

/** English words that a Vietnamese reader meets. */
async function leftInEnglish(address: string, answers: Partial<Api>, act: () => Promise<unknown>): Promise<string[]> {
  const english = await wordsOf("en", address, answers, act);
  const vietnamese = await wordsOf("vi", address, answers, act);
  const own = words(textsOf([i18next.store.data["vi"], SENTENCES, ADVICE, PROBLEMS, LANGUAGES]));
  expect(vietnamese.size).toBeGreaterThan(10);
  return [...vietnamese].filter((word) => (english.has(word) || words([ENGLISH]).has(word)) && !own.has(word));
}

const settled = (text: string | RegExp) => async () => {
  await waitFor(() => expect(document.body).toHaveTextContent(text));
};
const dialog = (name: "settings" | "shortcuts") => async () => {
  await screen.findByRole("heading", { level: 1 });
  openDialog.set(name);
  await screen.findByRole("dialog");
};
const press = (selector: string) => async () => {
  const button = await waitFor(() => {
    const found = document.querySelector(selector);
    if (!found) throw new Error(`There is no ${selector}.`);
    return found;
  });
  await userEvent.click(button);
};
const tried = async () => {
  await userEvent.type(await screen.findByRole("textbox"), "x");
  await press("form button[type='submit']")();
  await screen.findByRole("table");
};

beforeEach(() => {
  localStorage.clear();
  preferences.update({ timeZone: "UTC", range: "1h" });
  alertSettings.update({ failed: { on: true, limit: 1 }, cancelled: { on: false, limit: 50 }, sound: false });
});

const EMPTY = { ...freshness(0, null), items: [], next_cursor: null };
const PAGES: [string, string, Partial<Api>, () => Promise<unknown>][] = [
  ["the dashboard", "/", FULL, settled("412")],
  ["the dashboard on a wall", "/?wall=true", FULL, settled("412")],
  ["the dashboard without an answer", "/", failing(() => new ApiError(0, "")), () => screen.findAllByRole("alert")],
  ["the events", "/events?status=failed&currency=USD&span=1h&q=ORD", FULL, settled("ORD123456")],
  [
    "an event",
    "/events?event=6a0e3b1c-0000-4000-a000-000000000001",
    FULL,
    async () => within(await screen.findByRole("dialog")).findAllByRole("list"),
  ],
  ["no events", "/events", { ...FULL, getEvents: () => Promise.resolve(EMPTY) }, () => screen.findByRole("grid")],
  ["the rejected records", "/events?tab=rejected", FULL, settled("2")],
  ["a rejected record", `/events?tab=rejected&record=events_raw-1-7`, FULL, () => screen.findByRole("dialog")],
  ["operations", "/ops", FULL, () => screen.findAllByRole("group")],
  ["the links of a component", "/ops", FULL, press("li [aria-haspopup='dialog']")],
  ["the sources", "/sources?source=stripe", FULL, settled("/v1/sources/stripe")],
  ["a tried message", "/sources?source=stripe", FULL, tried],
  ["a source that cannot be used", "/sources?source=paypal", FULL, settled("/v1/sources/paypal")],
  [
    "the sources without an answer",
    "/sources",
    failing(() => problem(503, "intake_unavailable")),
    () => screen.findByRole("alert"),
  ],
  ["the settings", "/", FULL, dialog("settings")],
  ["the shortcuts", "/", FULL, dialog("shortcuts")],
  ["no page", "/nowhere", FULL, () => screen.findByRole("heading", { level: 1 })],
];

describe("in Vietnamese", () => {
  it.each(PAGES)("no English is left on %s", async (_name, address, answers, act) => {
    expect(await leftInEnglish(address, answers, act)).toEqual([]);
  });

  it.each(["too_many_rows", "of_a_newer_server"])("no English is left of the problem %s", async (code) => {
    expect(
      await leftInEnglish(
        "/events",
        failing(() => problem(422, code)),
        () => screen.findByRole("alert"),
      ),
    ).toEqual([]);
  });

  it("a problem has its figures in Vietnamese", async () => {
    preferences.update({ language: "vi" });
    openApp("/events", fakeApi(failing(() => problem(422, "too_many_rows"))));
    expect(await screen.findByRole("alert")).toHaveTextContent("Có hơn 200.000 sự kiện khớp bộ lọc");
  });
});

it("finds what was left in English", async () => {
  const answers = {
    ...FULL,
    getEvents: () => Promise.resolve({ ...freshness(), items: [orderEvent({ user_id: ENGLISH })], next_cursor: null }),
  };
  expect(await leftInEnglish("/events", answers, settled("ORD123456"))).toContain("server");
});
