/** Requests an operation and follows it until it is done: one at a time per service. */
import { useMutation } from "@tanstack/react-query";
import { useEffect, useState } from "react";

import type { OperateRequest } from "@/lib/api";
import { useApi, useHub } from "@/lib/context";
import type { Health } from "@/lib/types";

import { type Asked, observe, type Progress, progressOf, type Service } from "./follow";

/** Interval of health reports while an operation is followed. */
const FOLLOW_MS = 2_000;

export interface Followed {
  readonly asked: Asked;
  readonly progress: Progress;
  readonly dismiss: () => void;
}

type All = ReadonlyMap<Service, Asked>;

export function useOperate(health: Health | undefined, reread: () => void) {
  const api = useApi();
  const hub = useHub();
  const [all, setAll] = useState<All>(new Map<Service, Asked>());
  const ask = useMutation({
    mutationFn: (request: OperateRequest) => api.operate(request),
    onSuccess: (answer, request) => {
      const at = Date.now() + hub.status.get().clockOffsetMs;
      setAll((before) => new Map(before).set(request.service, { request, answer, at, seenDown: false }));
    },
  });

  const entries = [...all];
  if (health) {
    const seen = entries.map(([service, asked]): [Service, Asked] => [service, observe(asked, health)]);
    if (seen.some(([service, asked]) => asked !== all.get(service))) setAll(new Map(seen));
  }
  const progress = (asked: Asked): Progress => (health ? progressOf(asked, health) : "underway");
  const following = entries.some(([, asked]) => progress(asked) === "underway");
  useEffect(() => {
    if (!following) return undefined;
    const timer = setInterval(reread, FOLLOW_MS);
    return () => clearInterval(timer);
  }, [following, reread]);

  const followed = (service: Service): Followed | null => {
    const asked = all.get(service);
    if (!asked) return null;
    return {
      asked,
      progress: progress(asked),
      dismiss: () => setAll((before) => new Map([...before].filter(([one]) => one !== service))),
    };
  };
  return { ask, followed };
}
