import { QueryClientProvider } from "@tanstack/react-query";
import { act, renderHook } from "@testing-library/react";
import type { ReactNode } from "react";
import { afterEach, beforeEach, expect, it, vi } from "vitest";

import { kpiReport, timeSeries } from "@/test/fixtures";
import { fakeApi } from "@/test/render";
import { setVisibility } from "@/test/visibility";

import { ApiError, type RangeQuery } from "./api";
import { keys } from "./cache";
import { ServicesContext } from "./context";
import { createLiveHub } from "./live/live-hub";
import { useKpi, useTimeSeries } from "./queries";
import { createQueryClient } from "./query-client";

const RANGE: RangeQuery = { range: "1h", tz: "UTC" };

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

function services() {
  const getKpi = vi.fn(() => Promise.resolve(kpiReport()));
  const getTimeSeries = vi.fn(() => Promise.resolve(timeSeries(60)));
  const api = fakeApi({ getKpi, getTimeSeries });
  const client = createQueryClient();
  const hub = createLiveHub(api, client);
  const wrapper = ({ children }: { readonly children: ReactNode }) => (
    <QueryClientProvider client={client}>
      <ServicesContext.Provider value={{ api, hub }}>{children}</ServicesContext.Provider>
    </QueryClientProvider>
  );
  return { client, hub, wrapper, getKpi, getTimeSeries };
}

it("reloads the numbers periodically, however often the stream writes them", async () => {
  const { client, wrapper, getTimeSeries } = services();
  renderHook(() => useTimeSeries(RANGE), { wrapper });
  await act(() => vi.advanceTimersByTimeAsync(0));
  expect(getTimeSeries).toHaveBeenCalledTimes(1);
  for (let beat = 0; beat < 61; beat += 1) {
    client.setQueryData(keys.series(RANGE), timeSeries(60));
    await act(() => vi.advanceTimersByTimeAsync(5_000));
  }
  expect(getTimeSeries).toHaveBeenCalledTimes(2);
});

it("does not take numbers of before for heard just now", async () => {
  const { client, hub, wrapper, getKpi } = services();
  const readAt = Date.now();
  client.setQueryData(keys.kpi(RANGE), kpiReport());
  await act(() => vi.advanceTimersByTimeAsync(20_000));
  renderHook(() => useKpi(RANGE), { wrapper });
  await act(() => vi.advanceTimersByTimeAsync(0));
  expect(getKpi).not.toHaveBeenCalled();
  expect(hub.status.get().heardAt).toBe(readAt);
});

it("asks nothing while the page is hidden", async () => {
  const { wrapper, getKpi, getTimeSeries } = services();
  renderHook(() => [useKpi(RANGE), useTimeSeries(RANGE)], { wrapper });
  await act(() => vi.advanceTimersByTimeAsync(0));
  setVisibility("hidden");
  await act(() => vi.advanceTimersByTimeAsync(30 * 60_000));
  expect(getKpi).toHaveBeenCalledTimes(1);
  expect(getTimeSeries).toHaveBeenCalledTimes(1);
});

it("reads a watched series once a minute while the page is hidden, also after a failure", async () => {
  const { client, hub, wrapper, getKpi, getTimeSeries } = services();
  renderHook(() => useTimeSeries(RANGE, true), { wrapper });
  await act(() => vi.advanceTimersByTimeAsync(1_000));
  setVisibility("hidden");
  await act(() => vi.advanceTimersByTimeAsync(3 * 60_000));
  expect(getTimeSeries).toHaveBeenCalledTimes(4);
  getTimeSeries.mockRejectedValueOnce(new ApiError(0, ""));
  await act(() => vi.advanceTimersByTimeAsync(60_000));
  expect(client.getQueryState(keys.series(RANGE))?.status).toBe("error");
  await act(() => vi.advanceTimersByTimeAsync(60_000));
  expect(getTimeSeries).toHaveBeenCalledTimes(6);
  expect(hub.status.get().heardAt).toBeGreaterThan(Date.now() - 2_000);
  expect(getKpi).not.toHaveBeenCalled();
});
