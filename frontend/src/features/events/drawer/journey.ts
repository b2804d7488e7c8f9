/** An order's events as the steps of a timeline. */
import type { EventType, OrderEvent, OrderJourney } from "@/lib/types";

export interface Step {
  readonly event: OrderEvent;
  /** Seconds since the previous step; null for the first. */
  readonly afterS: number | null;
  /** Whether the amount or the currency differs from the previous step. */
  readonly amountChanged: boolean;
}

export interface Journey {
  readonly steps: readonly Step[];
  readonly outcome: OrderJourney["outcome"];
  /** Whether the order may still continue. */
  readonly open: boolean;
  /** Seconds from the first event to the last. */
  readonly tookS: number;
  readonly payments: number;
}

const seconds = (from: string, to: string) => Math.max(0, (Date.parse(to) - Date.parse(from)) / 1_000);

export function journeyOf({ events, outcome }: Pick<OrderJourney, "events" | "outcome">): Journey {
  const steps = events.map((event, index) => {
    const before = events[index - 1];
    return {
      event,
      afterS: before ? seconds(before.event_time, event.event_time) : null,
      amountChanged: before !== undefined && (before.amount !== event.amount || before.currency !== event.currency),
    };
  });
  const first = events[0];
  const last = events.at(-1);
  return {
    steps,
    outcome,
    open: outcome === "created" || outcome === "initiated",
    tookS: first && last ? seconds(first.event_time, last.event_time) : 0,
    payments: events.filter((event) => event.event_type === "payment_initiated").length,
  };
}

const NEXT = {
  order_created: "payment_initiated",
  payment_initiated: "payment_success",
} as const satisfies Partial<Record<EventType, EventType>>;

/** What an open order waits for. */
export function awaited(journey: Journey): (typeof NEXT)[keyof typeof NEXT] | null {
  const last = journey.steps.at(-1)?.event.event_type;
  return journey.open && (last === "order_created" || last === "payment_initiated") ? NEXT[last] : null;
}
