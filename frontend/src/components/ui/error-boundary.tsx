import { Component, type ErrorInfo, type ReactNode } from "react";
import { useTranslation } from "react-i18next";

import { Button } from "./button";
import { EmptyState } from "./states";

/** A view that broke, and the way to try it again. */
export function BrokenView({ onRetry }: { readonly onRetry: () => void }) {
  const { t } = useTranslation();
  return (
    <div role="alert">
      <EmptyState
        title={t("state.crashTitle")}
        text={t("state.crashText")}
        action={
          <Button size="sm" onClick={onRetry}>
            {t("action.retry")}
          </Button>
        }
      />
    </div>
  );
}

/** Keeps a view that throws from taking the page with it. */
export class ErrorBoundary extends Component<{ readonly children: ReactNode }, { readonly broken: boolean }> {
  override state = { broken: false };

  static getDerivedStateFromError() {
    return { broken: true };
  }

  override componentDidCatch(error: Error, info: ErrorInfo) {
    console.error(error, info.componentStack);
  }

  override render() {
    if (!this.state.broken) return this.props.children;
    return <BrokenView onRetry={() => this.setState({ broken: false })} />;
  }
}
