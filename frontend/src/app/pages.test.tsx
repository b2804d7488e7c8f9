/** What every page owes the browser: a title of its own, one heading, valid HTML. */
import { configure, screen, waitFor } from "@testing-library/react";
import { HtmlValidate, StaticConfigLoader } from "html-validate/browser";
import { beforeEach, describe, expect, it, vi } from "vitest";

import { health } from "@/test/health";
import { preferences } from "@/lib/preferences";
import { at, freshness, kpiReport, orderEvent, timeSeries } from "@/test/fixtures";
import { openApp } from "@/test/open-app";
import { fakeApi } from "@/test/render";
import { failedMessage, source } from "@/test/sources";

vi.setConfig({ testTimeout: 20_000 });
configure({ asyncUtilTimeout: 6_000 });

/** The API writes microseconds. */
const served = <T,>(answer: T): Promise<T> =>
  Promise.resolve(JSON.parse(JSON.stringify(answer).replace(/(T\d\d:\d\d:\d\d)\.\d{3}Z/g, "$1.123456Z")) as T);

const REJECTED = {
  topic: "events_raw",
  partition: 1,
  offset: 7,
  kafka_time: at(-3),
  reason: "late" as const,
  detail: null,
  payload: "{}",
  payload_bytes: 2,
  payload_truncated: false,
  payload_sha256: null,
  rejected_at: at(-2),
  replayed_at: at(0),
  source: "stripe",
  unmapped_reason: "no_amount",
};
const INCIDENT = {
  incident: "check:kpi_1m/freshness",
  title: "freshness of kpi_1m",
  text: "No event for 5 min.",
  opened_at: at(-60),
};

const api = fakeApi({
  getKpi: () => served(kpiReport()),
  getTimeSeries: () => served(timeSeries(60)),
  getEvents: () => served({ ...freshness(), items: [orderEvent()], next_cursor: null }),
  getEvent: () =>
    served({
      ...freshness(),
      order_id: "ORD123456",
      outcome: "paid" as const,
      truncated: false,
      events: [orderEvent()],
    }),
  getRejected: () => served({ ...freshness(), items: [REJECTED], next_cursor: null }),
  getSources: () =>
    served({
      since: at(-60),
      sources: [source("stripe", { title: "Stripe", connected: true, last_received_at: at(-5), waiting: 2 })],
      senders: [{ name: "till", last_received_at: at(-5), received: 9, rejected: 2, accepted: 7 }],
    }),
  getFailedMessages: () => served({ since: at(-60), limit: 50, items: [failedMessage()] }),
  getSystemHealth: () => served(health({ incidents: [INCIDENT] })),
});

const validator = new HtmlValidate(
  new StaticConfigLoader({
    extends: ["html-validate:standard"],
    rules: {
      // React writes them so; both are one attribute to the browser.
      "attribute-boolean-style": "off",
      "attribute-empty-style": "off",
      "void-style": "off",
    },
  }),
);

async function faultsOf(html: string): Promise<string[]> {
  const page = `<!DOCTYPE html><html lang="en"><head><title>x</title></head><body>${html}</body></html>`;
  const report = await validator.validateString(page);
  const lines = page.split("\n");
  return report.results.flatMap(({ messages }) =>
    messages.map(
      ({ ruleId, message, line, column }) =>
        `${ruleId}: ${message}: ${(lines[line - 1] ?? "").slice(column - 1, column + 120)}`,
    ),
  );
}

beforeEach(() => {
  localStorage.clear();
  preferences.update({ language: "en", timeZone: "UTC", range: "1h" });
});

const PAGES = [
  { address: "/", title: "Dashboard · orderpulse", heading: "Dashboard", content: "₫412,500,000" },
  { address: "/?wall=true", title: "Wall dashboard · orderpulse", heading: /last hour/, content: "₫412,500,000" },
  { address: "/events", title: "Events · orderpulse", heading: "Events", content: "ORD123456" },
  { address: "/events?tab=rejected", title: "Rejected records · orderpulse", heading: "Events", content: "Too late" },
  { address: "/ops", title: "Operations · orderpulse", heading: "Operations", content: "freshness of kpi_1m" },
  {
    address: "/sources?source=stripe",
    title: "Sources · orderpulse",
    heading: "Sources",
    content: "Nothing found for amount",
  },
  { address: "/nowhere", title: "Page not found · orderpulse", heading: "Page not found", content: "To the dashboard" },
];

describe.each(PAGES)("$address", ({ address, title, heading, content }) => {
  it("has a title and one heading of its own, and is valid HTML", async () => {
    const { container } = openApp(address, api);
    await waitFor(() => expect(container).toHaveTextContent(content));
    expect(document.title).toBe(title);
    expect(screen.getAllByRole("heading", { level: 1 })).toHaveLength(1);
    expect(screen.getByRole("heading", { level: 1 })).toHaveTextContent(heading);
    expect(await faultsOf(container.innerHTML)).toEqual([]);
    for (const time of container.querySelectorAll("time"))
      expect(time.dateTime).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,3})?Z$/);
  });
});

it("finds what a browser would repair silently", async () => {
  expect(await faultsOf("<span><div>x</div></span>")).toHaveLength(1);
});
