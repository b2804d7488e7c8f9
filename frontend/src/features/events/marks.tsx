/** How a kind of event, a status and an outcome look: an icon and a word, so that colour is never alone. */
import { Ban, CircleCheck, CircleDashed, CircleX, CreditCard, Hourglass, type LucideIcon, ShoppingCart } from "lucide-react";
import { useTranslation } from "react-i18next";

import { Badge, type Tone } from "@/components/ui/badge";
import { cn } from "@/lib/cn";
import type { EventStatus, EventType, OrderJourney } from "@/lib/types";

interface Look {
  readonly icon: LucideIcon;
  readonly tone: Tone;
}

const TYPE: Readonly<Record<EventType, Look>> = {
  order_created: { icon: ShoppingCart, tone: "neutral" },
  payment_initiated: { icon: CreditCard, tone: "accent" },
  payment_success: { icon: CircleCheck, tone: "good" },
  payment_failed: { icon: CircleX, tone: "bad" },
  order_cancelled: { icon: Ban, tone: "warn" },
};

const STATUS: Readonly<Record<EventStatus, Look>> = {
  success: { icon: CircleCheck, tone: "good" },
  pending: { icon: CircleDashed, tone: "neutral" },
  failed: { icon: CircleX, tone: "bad" },
};

export const OUTCOME: Readonly<Record<OrderJourney["outcome"], Look>> = {
  created: { icon: Hourglass, tone: "neutral" },
  initiated: { icon: CreditCard, tone: "accent" },
  paid: { icon: CircleCheck, tone: "good" },
  failed: { icon: CircleX, tone: "bad" },
  cancelled: { icon: Ban, tone: "warn" },
};

export const TEXT_TONE: Readonly<Record<Tone, string>> = {
  neutral: "text-ink-2",
  accent: "text-accent",
  good: "text-good",
  bad: "text-bad",
  warn: "text-warn",
};

export const SOFT_TONE: Readonly<Record<Tone, string>> = {
  neutral: "bg-sunken text-ink-2",
  accent: "bg-accent-soft text-accent",
  good: "bg-good-soft text-good",
  bad: "bg-bad-soft text-bad",
  warn: "bg-warn-soft text-warn",
};

export function TypeIcon({ type, className }: { readonly type: EventType; readonly className?: string }) {
  const { icon: Icon, tone } = TYPE[type];
  return <Icon className={cn("size-4 shrink-0", TEXT_TONE[tone], className)} strokeWidth={1.9} aria-hidden />;
}

export function TypeDot({ type }: { readonly type: EventType }) {
  const { icon: Icon, tone } = TYPE[type];
  return (
    <span className={cn("flex size-7 shrink-0 items-center justify-center rounded-full", SOFT_TONE[tone])}>
      <Icon className="size-4" strokeWidth={1.9} aria-hidden />
    </span>
  );
}

export function TypeMark({ type }: { readonly type: EventType }) {
  const { t } = useTranslation();
  return (
    <span className="flex min-w-0 items-center gap-2">
      <TypeIcon type={type} />
      <span className="truncate">{t(`event.${type}`)}</span>
    </span>
  );
}

export function StatusMark({ status }: { readonly status: EventStatus }) {
  const { t } = useTranslation();
  const { icon: Icon, tone } = STATUS[status];
  return (
    <Badge tone={tone}>
      <Icon className="size-3" aria-hidden />
      {t(`status.${status}`)}
    </Badge>
  );
}
