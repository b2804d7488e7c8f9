import { Component, type ErrorInfo, type ReactNode, useState } from "react";
import { useTranslation } from "react-i18next";

import { MissingPartError, reloadWhenServed } from "@/lib/parts";

import { Button } from "./button";
import { EmptyState } from "./states";

interface BrokenProps {
  readonly title: string;
  readonly text: string;
  readonly onRetry: () => void;
}

function Broken({ title, text, onRetry }: BrokenProps) {
  const { t } = useTranslation();
  return (
    <div role="alert">
      <EmptyState
        title={title}
        text={text}
        action={
          <Button size="sm" onClick={onRetry}>
            {t("action.retry")}
          </Button>
        }
      />
    </div>
  );
}

/** Shown for a part that could not be loaded; the others keep working. */
function MissingView() {
  const { t } = useTranslation();
  const [tried, setTried] = useState(false);
  const retry = () => {
    setTried(false);
    void reloadWhenServed().then((served) => setTried(!served));
  };
  return (
    <Broken
      title={t("state.missingTitle")}
      text={t(tried ? "state.missingStill" : "state.missingText")}
      onRetry={retry}
    />
  );
}

/** A failed view with a button to retry. */
export function BrokenView({ error, onRetry }: { readonly error: unknown; readonly onRetry: () => void }) {
  const { t } = useTranslation();
  if (error instanceof MissingPartError) return <MissingView />;
  return <Broken title={t("state.crashTitle")} text={t("state.crashText")} onRetry={onRetry} />;
}

/** Keeps an error in a view from breaking the page. */
export class ErrorBoundary extends Component<{ readonly children: ReactNode }, { readonly error: unknown }> {
  override state: { readonly error: unknown } = { error: null };

  static getDerivedStateFromError(error: unknown) {
    return { error };
  }

  override componentDidCatch(error: Error, info: ErrorInfo) {
    console.error(error, info.componentStack);
  }

  override render() {
    if (this.state.error === null) return this.props.children;
    return <BrokenView error={this.state.error} onRetry={() => this.setState({ error: null })} />;
  }
}
