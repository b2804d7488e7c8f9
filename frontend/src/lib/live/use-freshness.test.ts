import { describe, expect, it } from "vitest";

import { TEN } from "@/test/fixtures";

import { createClockOffset } from "./clock-offset";
import type { LiveStatus } from "./live-hub";
import { BLIP_MS, judgeFreshness } from "./use-freshness";

const LIVE: LiveStatus = {
  phase: "live",
  reason: null,
  retryAt: null,
  newestEventTime: TEN - 600,
  stale: false,
  pipeline: "running",
  heardAt: TEN,
  clockOffsetMs: 0,
};

describe("judgeFreshness", () => {
  it("counts from the newest event, by the server's clock", () => {
    expect(judgeFreshness(LIVE, TEN, 60)).toMatchObject({ state: "live", lagS: 0.6 });
    expect(judgeFreshness({ ...LIVE, clockOffsetMs: 5_000 }, TEN, 60).lagS).toBeCloseTo(5.6);
  });

  it("is never negative: a clock may be ahead", () => {
    expect(judgeFreshness({ ...LIVE, newestEventTime: TEN + 900 }, TEN, 60).lagS).toBe(0);
  });

  it("grows stale by itself, though the line stands", () => {
    expect(judgeFreshness(LIVE, TEN + 59_000, 60).state).toBe("live");
    expect(judgeFreshness(LIVE, TEN + 61_000, 60).state).toBe("stale");
    expect(judgeFreshness({ ...LIVE, phase: "polling" }, TEN + 61_000, 60).state).toBe("stale");
  });

  it("keeps a blip to itself, but not a line that stays away", () => {
    const away: LiveStatus = { ...LIVE, phase: "disconnected", reason: "ended", retryAt: TEN + 4_000 };
    expect(judgeFreshness(away, TEN + BLIP_MS - 1, 60).state).toBe("live");
    expect(judgeFreshness(away, TEN + BLIP_MS, 60)).toMatchObject({
      state: "disconnected",
      reason: "ended",
      retryInS: 1,
    });
  });

  it("does not hide a refused token", () => {
    expect(judgeFreshness({ ...LIVE, phase: "disconnected", reason: "unauthorized" }, TEN, 60).state).toBe(
      "disconnected",
    );
  });

  it("has no lag before the first event", () => {
    expect(judgeFreshness({ ...LIVE, newestEventTime: null }, TEN, 60)).toMatchObject({ state: "live", lagS: null });
  });

  it("is not live where the server knows of no event", () => {
    expect(judgeFreshness({ ...LIVE, newestEventTime: null, stale: true }, TEN, 60)).toMatchObject({
      state: "stale",
      lagS: null,
    });
  });
});

describe("createClockOffset", () => {
  it("trusts the sample that was quickest under way", () => {
    const offset = createClockOffset();
    expect(offset.ms()).toBe(0);
    offset.sample(1_000_000, 997_500);
    offset.sample(1_001_000, 998_100);
    offset.sample(1_002_000, 1_001_900);
    expect(offset.ms()).toBe(2_900);
  });

  it("forgets old samples, so that a clock that was set is noticed", () => {
    const offset = createClockOffset();
    offset.sample(100_000, 0);
    for (let index = 0; index < 24; index += 1) offset.sample(1_000, 900);
    expect(offset.ms()).toBe(100);
  });

  it("says at once that the stream was stopped, whatever the age", () => {
    expect(judgeFreshness({ ...LIVE, pipeline: "stopped" }, TEN, 60)).toMatchObject({
      state: "stopped",
      sourceStopped: false,
    });
    expect(judgeFreshness({ ...LIVE, pipeline: "stopped" }, TEN + 300_000, 60).state).toBe("stopped");
    expect(judgeFreshness({ ...LIVE, pipeline: "stopped", phase: "polling" }, TEN, 60).state).toBe("stopped");
  });

  it("says why nothing comes, instead of calling the shop quiet", () => {
    const late = TEN + 300_000;
    expect(judgeFreshness({ ...LIVE, pipeline: "starting" }, late, 60).state).toBe("starting");
    expect(judgeFreshness({ ...LIVE, pipeline: "source_stopped" }, late, 60)).toMatchObject({
      state: "stopped",
      sourceStopped: true,
    });
    expect(judgeFreshness({ ...LIVE, pipeline: "running" }, late, 60).state).toBe("stale");
  });

  it("is live while events come from elsewhere, though the generator is stopped", () => {
    expect(judgeFreshness({ ...LIVE, pipeline: "source_stopped" }, TEN, 60).state).toBe("live");
    expect(judgeFreshness({ ...LIVE, pipeline: "starting" }, TEN, 60).state).toBe("live");
  });
});
