import { useEffect, useMemo, useRef, useState } from "react";
import * as v from "valibot";

import { readStored, writeStored } from "@/lib/preferences";
import { createStore, useStore } from "@/lib/store";
import type { TimeSeries } from "@/lib/types";
import { useLag } from "@/lib/use-freshness";

import { AlertSettings, type Firing, firing, lastQuarter } from "./rules";
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
  /** When it began, in milliseconds since 1970; null in the moment it does. */
  readonly since: number | null;
}

export interface Alerts {
  readonly active: readonly ActiveAlert[];
  /** Those that were not hidden. */
  readonly visible: readonly ActiveAlert[];
  readonly hide: (key: string) => void;
}

/** What is beyond its limit now, and since when; plays a tone when one begins, if that is wanted. */
export function useAlerts(series: TimeSeries | undefined): Alerts {
  const settings = useAlertSettings();
  const lagS = useLag(settings.lag.on);
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
    // What passed may be shown again when it comes back.
    setHidden((before) => new Set([...before].filter((key) => now.has(key))));
  }, [keys]);

  const active = found.map((each) => ({ ...each, since: begun.get(each.key) ?? null }));
  return {
    active,
    visible: active.filter(({ key }) => !hidden.has(key)),
    hide: (key) => setHidden((before) => new Set([...before, key])),
  };
}
