/** Marks of event types, statuses and outcomes: an icon and a word, so that colour is never the only sign. */
import { Ban, CircleCheck, CircleDashed, CircleX, CreditCard, Hourglass } from "lucide-react";
import { useTranslation } from "react-i18next";

import { EVENT_LOOK, type Look, TEXT_TONE } from "@/components/look";
import { Badge, SOFT_TONE } from "@/components/ui/badge";
import { cn } from "@/lib/cn";
import type { EventStatus, EventType, OrderJourney } from "@/lib/types";

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

export function TypeIcon({ type, className }: { readonly type: EventType; readonly className?: string }) {
  const { icon: Icon, tone } = EVENT_LOOK[type];
  return <Icon className={cn("size-4 shrink-0", TEXT_TONE[tone], className)} strokeWidth={1.9} aria-hidden />;
}

export function TypeDot({ type }: { readonly type: EventType }) {
  const { icon: Icon, tone } = EVENT_LOOK[type];
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
