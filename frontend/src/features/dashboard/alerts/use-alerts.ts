import { useEffect, useMemo, useRef, useState } from "react";
import * as v from "valibot";

import type { RangeQuery } from "@/lib/api";
import { readStored, writeStored } from "@/lib/preferences";
import { useTimeSeries } from "@/lib/queries";
import { createStore, useStore } from "@/lib/store";
import { useLag } from "@/lib/live/use-freshness";

import { AlertSettings, type Firing, firing, isWatching, lastQuarter } from "./rules";
import { playTone } from "./sound";

const KEY = "orderpulse.alerts";

function read(): AlertSettings {
  const stored = readStored(KEY);
  return v.parse(AlertSettings, typeof stored === "object" && stored !== null ? stored : {});
}

const store = createStore(read());

export const alertSettings = {
  get: store.get,
  update(change: Partial<AlertSettings>): void {
    const next = { ...store.get(), ...change };
    store.set(next);
    writeStored(KEY, next);
  },
};

export function useAlertSettings(): AlertSettings {
  return useStore(store);
}

export interface ActiveAlert extends Firing {
  /** When it started, in milliseconds since 1970; null at the first evaluation. */
  readonly since: number | null;
}

export interface Alerts {
  readonly active: readonly ActiveAlert[];
  /** The alerts that are not hidden. */
  readonly visible: readonly ActiveAlert[];
  readonly hide: (key: string) => void;
}

/** The exceeded limits, and since when; optionally plays a tone when an alert starts. */
export function useAlerts(range: RangeQuery): Alerts {
  const settings = useAlertSettings();
  const { data: series, isError } = useTimeSeries(range, isWatching(settings));
  const lagS = useLag(settings.lag.on, isError);
  const quarter = useMemo(() => (series ? lastQuarter(series) : null), [series]);
  const [begun, setBegun] = useState<ReadonlyMap<string, number>>(new Map());
  const [hidden, setHidden] = useState<ReadonlySet<string>>(new Set());
  const sound = useRef(settings.sound);
  const found = firing(settings, quarter, lagS);
  const keys = found.map(({ key }) => key).join(" ");

  useEffect(() => {
    sound.current = settings.sound;
  }, [settings.sound]);

  useEffect(() => {
    const now = new Set(keys === "" ? [] : keys.split(" "));
    setBegun((before) => {
      if (sound.current && [...now].some((key) => !before.has(key))) playTone();
      return new Map([...now].map((key) => [key, before.get(key) ?? Date.now()]));
    });
    // An alert that passed is shown again if it returns.
    setHidden((before) => new Set([...before].filter((key) => now.has(key))));
  }, [keys]);

  const active = found.map((each) => ({ ...each, since: begun.get(each.key) ?? null }));
  return {
    active,
    visible: active.filter(({ key }) => !hidden.has(key)),
    hide: (key) => setHidden((before) => new Set([...before, key])),
  };
}
