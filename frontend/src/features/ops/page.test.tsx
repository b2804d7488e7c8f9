import axe from "axe-core";
import { act, screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { beforeEach, describe, expect, it, vi } from "vitest";

import { type Api, ApiError, type OperateRequest } from "@/lib/api";
import { preferences } from "@/lib/preferences";
import type { Component, Health, OperateAnswer } from "@/lib/types";
import { at, freshness } from "@/test/fixtures";
import { ABOUT, fakeApi, renderPage } from "@/test/render";
import { setVisibility } from "@/test/visibility";

import OpsPage from "./page";
import { component, health } from "@/test/health";

function show(answers: Partial<Api> = {}) {
  const api = fakeApi({ getSystemHealth: () => Promise.resolve(health()), ...answers });
  return {
    api,
    ...renderPage(
      <main>
        <OpsPage />
      </main>,
      api,
      "/ops",
    ),
  };
}

const withState = (name: Component["name"], of: Partial<Component>, more: Partial<Health> = {}) => {
  const whole = health(more);
  return { ...whole, components: whole.components.map((one) => (one.name === name ? { ...one, ...of } : one)) };
};
const line = (name: string) => screen.findByRole("listitem", { name });
const card = (name: string) => screen.findByRole("region", { name });

beforeEach(() => {
  localStorage.clear();
  preferences.update({ language: "en", timeZone: "UTC" });
});

describe("how the platform is", () => {
  it("is said in one sentence", async () => {
    show();
    expect(await screen.findByText("Everything is running.")).toBeInTheDocument();
    expect(screen.getByText(/Events arrive 0.6 s after they happen/)).toHaveTextContent("As of 10:00:00");
  });

  it("names what is broken, and says what to do", async () => {
    const links = [
      { kind: "job" as const, name: "dbt_build", label: "Job dbt_build", url: "http://localhost:3000/jobs/dbt_build" },
    ];
    show({
      getSystemHealth: () =>
        Promise.resolve(
          withState("dbt", {
            state: "error",
            summary: "2 views are missing.",
            advice: "Run the job dbt_build.",
            links,
          }),
        ),
    });
    expect(await screen.findByText("Failed: dbt views.")).toBeInTheDocument();
    const dbt = await line("dbt views");
    expect(dbt).toHaveTextContent("Failed");
    expect(dbt).toHaveTextContent("2 views are missing.");
    expect(dbt).toHaveTextContent("What to do: Run the job dbt_build.");
    expect(within(dbt).getByRole("link", { name: "Job dbt_build" })).toHaveAttribute(
      "href",
      "http://localhost:3000/jobs/dbt_build",
    );
  });

  it("gives advice of its own where the server has none", async () => {
    show({ getSystemHealth: () => Promise.resolve(withState("kafka", { state: "warning" })) });
    expect(await line("Kafka")).toHaveTextContent("What to do: Check the process “kafka”");
  });

  it("shows each component's last heartbeat, and updates it", async () => {
    vi.useFakeTimers({ now: Date.parse(at(0)), toFake: ["Date"] });
    show();
    const kafka = await line("Kafka");
    expect(kafka).toHaveTextContent("3 s ago");
    expect(await line("dbt views")).toHaveTextContent("Last heartbeat: –");
    vi.setSystemTime(Date.parse(at(20)));
    await waitFor(() => expect(kafka).toHaveTextContent("23 s ago"));
    vi.useRealTimers();
  });

  it("is not asked for by a hidden page", async () => {
    vi.useFakeTimers();
    const getSystemHealth = vi.fn(() => Promise.resolve(health()));
    show({ getSystemHealth });
    await act(() => vi.advanceTimersByTimeAsync(1_000));
    await act(() => vi.advanceTimersByTimeAsync(10_000));
    expect(getSystemHealth.mock.calls.length).toBeGreaterThan(1);
    setVisibility("hidden");
    getSystemHealth.mockClear();
    await act(() => vi.advanceTimersByTimeAsync(120_000));
    expect(getSystemHealth).not.toHaveBeenCalled();
    setVisibility("visible");
    await act(() => vi.advanceTimersByTimeAsync(10_000));
    expect(getSystemHealth).toHaveBeenCalled();
    vi.useRealTimers();
  });

  it("puts open incidents on top, with the time for which they are open", async () => {
    vi.useFakeTimers({ now: Date.parse(at(0)), toFake: ["Date"] });
    const incidents = [
      {
        incident: "check:kpi_1m/reconciliation",
        title: "kpi_1m differs",
        text: "3 windows differ.",
        opened_at: at(-600),
      },
    ];
    show({ getSystemHealth: () => Promise.resolve(health({ incidents })) });
    expect(await screen.findByText("Everything is running, with 1 open incident.")).toBeInTheDocument();
    const open = await card("Open incidents (1)");
    expect(open).toHaveTextContent("kpi_1m differs");
    expect(open).toHaveTextContent("for 10 min");
    expect(open).toHaveTextContent("3 windows differ.");
    vi.useRealTimers();
  });

  it("takes a changed state from the live line at once", async () => {
    const { api } = show();
    const kafka = await line("Kafka");
    act(() => {
      const components = [
        {
          name: "kafka",
          state: "error" as const,
          summary: "No broker answers.",
          sentence: { code: "not_known", values: {} },
        },
      ];
      api.lines
        .at(-1)
        ?.onMessage({ kind: "health", data: { ...freshness(), status: "down", rejects_too_many: false, components } });
    });
    await waitFor(() => expect(kafka).toHaveTextContent("No broker answers."));
    expect(screen.getByText("The platform is down: Kafka.")).toBeInTheDocument();
  });
});

describe("figures", () => {
  it("tell of the last hour's batches, in words too", async () => {
    show();
    const plots = await card("The last hour");
    expect(
      within(plots).getByRole("img", { name: "Batch duration of both queries in the last hour" }),
    ).toBeInTheDocument();
    expect(plots).toHaveTextContent("events_clean: now 294 ms, largest 294 ms.");
  });

  it("say so where there was no batch, and where they begin late", async () => {
    const { client } = show({ getSystemHealth: () => Promise.resolve(health({ batches: [] })) });
    expect(await screen.findByText("No batch in the last hour")).toBeInTheDocument();
    act(() => {
      client.setQueryData(["health"], health({ batches: health().batches.slice(1) }));
    });
    expect(await screen.findByText("The charts begin with the first batch, at 09:59:40.")).toBeInTheDocument();
  });

  it("tell each query's checkpoint", async () => {
    show();
    const query = within(await card("Queries and checkpoints")).getByRole("region", { name: "kpi_1m" });
    expect(query).toHaveTextContent("Batch7,018");
    expect(query).toHaveTextContent("Checkpoint1.8 MB");
    expect(query).toHaveTextContent("Written0.4 s ago");
    expect(query).toHaveTextContent("Behind3 records");
  });

  it("tell a query that has not begun", async () => {
    const none = {
      batch_id: null,
      committed_at: null,
      event_time_lag_s: null,
      lag_records: null,
      input_rate: null,
      processed_rate: null,
      batch_ms: null,
    };
    const queries = health().queries.map((query) => ({
      ...query,
      ...none,
      checkpoint_bytes: null,
      checkpoint_age_s: null,
    }));
    show({ getSystemHealth: () => Promise.resolve(health({ queries })) });
    expect(await screen.findAllByText("This query has not committed a batch yet.")).toHaveLength(2);
  });

  it.each([
    [false, "3 not admitted, 1 admitted afterwards. The job replay_rejected admits them."],
    [true, "3 not admitted, 1 admitted afterwards. Once an hour they are admitted."],
  ])("tell what came late, and what becomes of it: hourly %s", async (hourly, text) => {
    show({ getSystemHealth: () => Promise.resolve(health({ late: { waiting: 3, admitted: 1, hourly } })) });
    expect(await card("Rejected records")).toHaveTextContent(text);
  });

  it("tell why records were rejected, as a share of all, and lead to them", async () => {
    show();
    const rejects = await card("Rejected records");
    expect(rejects).toHaveTextContent("2.5% of 1,000 records");
    const [first, second] = within(rejects).getAllByRole("listitem");
    expect(first).toHaveTextContent("Not JSON");
    expect(first).toHaveTextContent("20 records, 2.0% of all");
    expect(
      within(second ?? rejects)
        .getByRole("link")
        .getAttribute("href"),
    ).toContain("/events?tab=rejected&reason=");
  });

  it("are glad where nothing was rejected", async () => {
    show({ getSystemHealth: () => Promise.resolve(health({ rejected: [] })) });
    expect(await screen.findByText("Nothing was rejected in the last 15 minutes.")).toBeInTheDocument();
  });
});

describe("the checks", () => {
  it("stand by asset, what failed first and open, each with its page", async () => {
    const failed = {
      asset: "v_kpi_1h",
      name: "not_null",
      passed: false,
      severity: "WARN" as const,
      text: "1 row.",
      evaluated_at: at(-9),
      url: "http://localhost:3000/b",
    };
    show({ getSystemHealth: () => Promise.resolve(health({ checks: [...(health().checks ?? []), failed] })) });
    const checks = await card("Checks");
    const [first, second] = within(checks).getAllByRole("group");
    expect(first).toHaveTextContent("v_kpi_1h1 failed");
    expect(first).toHaveAttribute("open");
    expect(second).not.toHaveAttribute("open");
    expect(within(checks).getByRole("link", { name: "Open the check not_null in Dagster" })).toHaveAttribute(
      "href",
      failed.url,
    );
    expect(checks).toHaveTextContent("1 of 2 passed");
  });

  it("are not known while Dagster does not answer, and everything else is", async () => {
    show({ getSystemHealth: () => Promise.resolve(health({ checks: null })) });
    expect(await screen.findByText(/^Dagster does not respond/)).toBeInTheDocument();
    expect(screen.getByText("Everything is running.")).toBeInTheDocument();
  });

  it("say that none was evaluated yet", async () => {
    show({ getSystemHealth: () => Promise.resolve(health({ checks: [] })) });
    expect(await screen.findByText("No check has been evaluated yet.")).toBeInTheDocument();
  });
});

describe("what went wrong on the way", () => {
  it("is loading at first", async () => {
    show({ getSystemHealth: () => new Promise(() => undefined) });
    expect(await screen.findByRole("status", { name: "Loading" })).toBeInTheDocument();
  });

  it("is said, and tried again", async () => {
    let answer: () => Promise<Health> = () => Promise.reject(new ApiError(0, ""));
    show({ getSystemHealth: () => answer() });
    expect(await screen.findByRole("alert")).toHaveTextContent("The server does not respond.");
    answer = () => Promise.resolve(health());
    await userEvent.click(screen.getByRole("button", { name: "Try again" }));
    expect(await screen.findByText("Everything is running.")).toBeInTheDocument();
  });

  it("has no figures while the database is down, instead of zeros", async () => {
    const away = {
      queries: [],
      batches: [],
      rejected: [],
      accepted: 0,
      newest_event_time: null,
      event_time_lag_s: null,
      stale: true,
      status: "down" as const,
    };
    show({ getSystemHealth: () => Promise.resolve(withState("postgres", { state: "error" }, away)) });
    expect(await screen.findByText("The platform is down: PostgreSQL.")).toBeInTheDocument();
    expect(screen.getByText("No figures without the database")).toBeInTheDocument();
    expect(screen.queryByRole("region", { name: "Rejected records" })).not.toBeInTheDocument();
    expect(screen.queryByText(/No event yet/)).not.toBeInTheDocument();
  });

  it("keeps the old states visible, with their time", async () => {
    let fails = false;
    const { client } = show({
      getSystemHealth: () => (fails ? Promise.reject(new ApiError(503, "busy")) : Promise.resolve(health())),
    });
    await screen.findByText("Everything is running.");
    fails = true;
    await act(() => client.invalidateQueries());
    expect(await screen.findByText("These states are from 10:00:00; reloading them failed.")).toBeInTheDocument();
    expect(await line("Kafka")).toHaveTextContent("OK");
  });
});

describe("operating", () => {
  const RUN: OperateAnswer = { run_id: "r1", url: "http://localhost:3000/runs/r1" };

  it("asks first, saying what will happen, then follows until it is so", async () => {
    let now = health();
    const operate = vi.fn<(request: OperateRequest) => Promise<OperateAnswer>>(() => Promise.resolve(RUN));
    const { client } = show({ getSystemHealth: () => Promise.resolve(now), operate });
    await userEvent.click(await screen.findByRole("button", { name: "Stop: Spark query events_clean" }));
    const dialog = screen.getByRole("dialog", { name: "Stop the stream?" });
    expect(dialog).toHaveTextContent("Nothing is lost: events wait in Kafka");
    expect(operate).not.toHaveBeenCalled();
    await userEvent.click(within(dialog).getByRole("button", { name: "Stop" }));
    expect(operate).toHaveBeenCalledWith({ service: "spark_stream", action: "stop" });
    const query = await line("Spark query events_clean");
    await waitFor(() => expect(query).toHaveTextContent("Stopping …"));
    expect(within(query).getByRole("link", { name: "Dagster run" })).toHaveAttribute("href", RUN.url);
    expect(within(query).getByRole("button", { name: /^Restart/ })).toBeDisabled();

    const stopped = { state: "stopped" as const, actions: ["start" as const] };
    now = { ...withState("events_clean", stopped), as_of: new Date(Date.now() + 60_000).toISOString() };
    now = { ...now, components: now.components.map((one) => (one.name === "kpi_1m" ? { ...one, ...stopped } : one)) };
    await act(() => client.invalidateQueries());
    await waitFor(() => expect(query).toHaveTextContent("Stopped."));
    await userEvent.click(within(query).getByRole("button", { name: "Dismiss" }));
    expect(screen.queryByRole("link", { name: "Dagster run" })).not.toBeInTheDocument();
    expect(screen.getByRole("button", { name: "Start: Spark query events_clean" })).toBeEnabled();
  });

  it("does nothing when it is cancelled", async () => {
    const operate = vi.fn<(request: OperateRequest) => Promise<OperateAnswer>>(() => Promise.resolve(RUN));
    show({ operate });
    await userEvent.click(await screen.findByRole("button", { name: "Restart: Generator" }));
    await userEvent.click(within(screen.getByRole("dialog")).getByRole("button", { name: "Cancel" }));
    expect(screen.queryByRole("dialog")).not.toBeInTheDocument();
    expect(operate).not.toHaveBeenCalled();
  });

  it("says why it could not be asked, and keeps the dialog open", async () => {
    show({ operate: () => Promise.reject(new ApiError(503, "Dagster did not take the order.")) });
    await userEvent.click(await screen.findByRole("button", { name: "Stop: Generator" }));
    await userEvent.click(within(screen.getByRole("dialog")).getByRole("button", { name: "Stop" }));
    expect(await screen.findByRole("alert")).toHaveTextContent("The request failed: Dagster did not take the order.");
    expect(screen.getByRole("dialog", { name: "Stop the generator?" })).toBeInTheDocument();
  });

  it("sets a rate that the API takes, and no other", async () => {
    const operate = vi.fn<(request: OperateRequest) => Promise<OperateAnswer>>(() => Promise.resolve(RUN));
    show({ operate });
    await userEvent.click(await screen.findByRole("button", { name: "Set rate: Generator" }));
    const dialog = screen.getByRole("dialog", { name: "Rate of the generator" });
    const field = within(dialog).getByRole("textbox", { name: "Events per second" });
    expect(field).toHaveValue("20");
    await userEvent.clear(field);
    await userEvent.type(field, "200000{Enter}");
    expect(within(dialog).getByRole("alert")).toHaveTextContent("At most 100,000.");
    expect(field).toBeInvalid();
    expect(operate).not.toHaveBeenCalled();
    await userEvent.click(within(dialog).getByRole("button", { name: "200" }));
    await userEvent.click(within(dialog).getByRole("button", { name: "Set the rate" }));
    expect(operate).toHaveBeenCalledWith({ service: "generator", action: "set_rate", rate: 200 });
  });

  it("is for those alone who may", async () => {
    show({ getAbout: () => Promise.resolve({ ...ABOUT, auth: "required", scopes: ["read"] }) });
    expect(await screen.findByText(/needs the scope “operate”/)).toBeInTheDocument();
    expect(screen.queryByRole("button", { name: /^Stop/ })).not.toBeInTheDocument();
  });

  it("has the buttons of the stream once, though it is two queries", async () => {
    show();
    expect(await screen.findAllByRole("button", { name: /^Restart: Spark/ })).toHaveLength(1);
  });
});

describe("every reader", () => {
  it("axe finds nothing", async () => {
    const failed = {
      asset: "kpi_1m",
      name: "x",
      passed: false,
      severity: "ERROR" as const,
      text: "No.",
      evaluated_at: at(0),
      url: "http://localhost/x",
    };
    const incidents = [{ incident: "a", title: "b", text: "c", opened_at: at(-9) }];
    const { container } = show({
      getSystemHealth: () =>
        Promise.resolve({ ...withState("dbt", { state: "warning" }), checks: [failed], incidents }),
    });
    await card("Checks");
    const { violations } = await axe.run(container, { rules: { "color-contrast": { enabled: false } } });
    expect(violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(" ")}`)).toEqual([]);
  });

  it("writes what the server says in Vietnamese", async () => {
    preferences.update({ language: "vi" });
    show({
      getSystemHealth: () =>
        Promise.resolve(
          health({
            components: [
              component("kafka", {
                state: "error",
                summary: "No broker answers.",
                sentence: { code: "kafka_waits", values: { records: 1_234 } },
                advice: "Start it.",
              }),
            ],
          }),
        ),
    });
    const kafka = await line("Kafka");
    expect(kafka).toHaveTextContent("Hỏng");
    expect(kafka).toHaveTextContent("1.234 bản ghi đang chờ được nhận, theo bộ sinh dữ liệu.");
    expect(kafka).toHaveTextContent("Cần làm: Hãy xem tiến trình “kafka”");
    expect(within(kafka).queryByText("No broker answers.")).not.toBeInTheDocument();
  });

  it("advises in Vietnamese what fits the sentence", async () => {
    preferences.update({ language: "vi" });
    const rejects = {
      state: "warning" as const,
      sentence: { code: "many_rejects", values: { records: 100 } },
      advice: "Inform the producer.",
    };
    show({ getSystemHealth: () => Promise.resolve(withState("events_clean", rejects)) });
    const query = await line("Truy vấn Spark events_clean");
    expect(query).toHaveTextContent("Cần làm: Xem các lý do và báo cho bên gửi.");
    expect(query).not.toHaveTextContent("khởi động lại luồng");
  });

  it("folds the English of other programs away, in Vietnamese", async () => {
    preferences.update({ language: "vi" });
    const incidents = [
      {
        incident: "check:kpi_1m/freshness",
        title: "freshness of kpi_1m",
        text: "No event for 5 min.",
        opened_at: at(-9),
      },
    ];
    const { container } = show({ getSystemHealth: () => Promise.resolve(health({ incidents })) });
    expect(await screen.findByText("Kiểm tra freshness của kpi_1m")).toBeVisible();
    for (const english of container.querySelectorAll('p[lang="en"]'))
      expect(english.closest("details:not([open])")).not.toBeNull();
    expect(screen.queryByText("freshness of kpi_1m")).not.toBeInTheDocument();
  });
});
