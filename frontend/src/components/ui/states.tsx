/** Views for missing or old data. */
import { CircleAlert, Clock, Inbox } from "lucide-react";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";

import { inVietnamese } from "@/i18n/problems";
import { ApiError } from "@/lib/api";
import { useFormat } from "@/lib/locale/use-format";

import { Button } from "./button";

interface StateProps {
  readonly title: ReactNode;
  readonly text?: ReactNode;
  readonly action?: ReactNode;
}

function Frame({ icon, title, text, action }: StateProps & { readonly icon: ReactNode }) {
  return (
    <div className="flex h-full flex-col items-center justify-center gap-1 px-6 py-8 text-center">
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

/** The error message for a thrown value. */
export function useErrorText(): (error: unknown) => string {
  const { t, i18n } = useTranslation();
  const format = useFormat();
  return (error) => {
    if (!(error instanceof ApiError)) return t("state.unknown");
    if (error.unreachable) return t("state.unreachable");
    const refused = t("state.refused", { status: error.status });
    if (i18n.language === "en") return error.message === "" ? refused : error.message;
    return (error.problem && inVietnamese(error.problem, format)) ?? refused;
  };
}

interface ErrorStateProps {
  readonly error: unknown;
  readonly onRetry?: () => void;
}

export function ErrorState({ error, onRetry }: ErrorStateProps) {
  const { t } = useTranslation();
  const textOf = useErrorText();
  return (
    <div role="alert" className="h-full">
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
export function StaleNote({ children }: { readonly children: ReactNode }) {
  return (
    <p className="flex items-center gap-2 rounded-lg bg-warn-soft px-3 py-2 text-sm text-warn">
      <Clock className="size-4 shrink-0" aria-hidden />
      <span>{children}</span>
    </p>
  );
}
