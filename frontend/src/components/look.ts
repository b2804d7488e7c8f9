/** Display of the catalogue: the cards in their order, the table's columns, the icons of events. */
import { Ban, CircleCheck, CircleX, CreditCard, type LucideIcon, ShoppingCart, Undo2 } from "lucide-react";

import type { KpiName } from "@/lib/kpis";
import type { EventType } from "@/lib/types";

import type { Tone } from "./ui/badge";

export const CARDS: readonly KpiName[] = [
  "revenue",
  "net_revenue",
  "orders_created",
  "average_order_value",
  "success_rate",
  "payment_failed",
  "orders_cancelled",
];

export const COLUMNS: readonly KpiName[] = [
  "revenue",
  "orders_created",
  "payment_success",
  "payment_failed",
  "orders_cancelled",
  "success_rate",
  "refunded",
  "net_revenue",
];

export interface Look {
  readonly icon: LucideIcon;
  readonly tone: Tone;
}

export const EVENT_LOOK: Readonly<Record<EventType, Look>> = {
  order_created: { icon: ShoppingCart, tone: "neutral" },
  payment_initiated: { icon: CreditCard, tone: "accent" },
  payment_success: { icon: CircleCheck, tone: "good" },
  payment_failed: { icon: CircleX, tone: "bad" },
  order_cancelled: { icon: Ban, tone: "warn" },
  payment_refunded: { icon: Undo2, tone: "warn" },
};

export const TEXT_TONE: Readonly<Record<Tone, string>> = {
  neutral: "text-ink-2",
  accent: "text-accent",
  good: "text-good",
  bad: "text-bad",
  warn: "text-warn",
};
