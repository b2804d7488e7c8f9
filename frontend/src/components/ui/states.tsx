/** What a view shows instead of data, or above data that is old. */
import { CircleAlert, Clock, Inbox } from "lucide-react";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";

import { ApiError } from "@/lib/api";
import { cn } from "@/lib/cn";

import { Button } from "./button";

interface StateProps {
  readonly title: ReactNode;
  readonly text?: ReactNode;
  readonly action?: ReactNode;
  readonly className?: string;
}

function Frame({ icon, title, text, action, className }: StateProps & { readonly icon: ReactNode }) {
  return (
    <div className={cn("flex h-full flex-col items-center justify-center gap-1 px-6 py-8 text-center", className)}>
      <div className="mb-1.5 text-ink-3">{icon}</div>
      <p className="font-medium text-ink">{title}</p>
      {text !== undefined && <p className="max-w-md text-sm text-ink-2">{text}</p>}
      {action !== undefined && <div className="mt-3">{action}</div>}
    </div>
  );
}

export function EmptyState(props: StateProps) {
  return <Frame icon={<Inbox className="size-6" strokeWidth={1.5} aria-hidden />} {...props} />;
}

/** In words what went wrong, from a thrown value. */
export function useErrorText(): (error: unknown) => string {
  const { t } = useTranslation();
  return (error) => {
    if (error instanceof ApiError) return error.unreachable ? t("state.unreachable") : error.message || t("state.unknown");
    return t("state.unknown");
  };
}

interface ErrorStateProps {
  readonly error: unknown;
  readonly onRetry?: () => void;
  readonly className?: string;
}

export function ErrorState({ error, onRetry, className }: ErrorStateProps) {
  const { t } = useTranslation();
  const textOf = useErrorText();
  return (
    <div role="alert" className={cn("h-full", className)}>
      <Frame
        icon={<CircleAlert className="size-6 text-bad" strokeWidth={1.5} aria-hidden />}
        title={t("state.errorTitle")}
        text={textOf(error)}
        action={
          onRetry && (
            <Button size="sm" onClick={onRetry}>
              {t("action.retry")}
            </Button>
          )
        }
      />
    </div>
  );
}

/** A quiet line above numbers that are older than they should be. */
export function StaleNote({ children, className }: { readonly children: ReactNode; readonly className?: string }) {
  return (
    <p className={cn("flex items-center gap-2 rounded-lg bg-warn-soft px-3 py-2 text-sm text-warn", className)}>
      <Clock className="size-4 shrink-0" aria-hidden />
      <span>{children}</span>
    </p>
  );
}
