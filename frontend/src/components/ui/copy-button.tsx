import { Check, Copy, TriangleAlert } from "lucide-react";
import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";

import { Button } from "./button";

const SHOWN_MS = 1_800;

interface CopyButtonProps {
  readonly text: string;
  /** What it copies, for screen readers. */
  readonly label: string;
  /** Text of the button; without it, an icon. */
  readonly children?: string;
}

/** Copies a text to the clipboard and reports success or failure. */
export function CopyButton({ text, label, children }: CopyButtonProps) {
  const { t } = useTranslation();
  const [result, setResult] = useState<"none" | "copied" | "failed">("none");
  useEffect(() => {
    if (result === "none") return undefined;
    const timer = setTimeout(() => setResult("none"), SHOWN_MS);
    return () => clearTimeout(timer);
  }, [result]);
  const copy = () => {
    // The clipboard exists only in a secure context.
    const clipboard = navigator.clipboard as Clipboard | undefined;
    const done = clipboard ? clipboard.writeText(text) : Promise.reject(new Error("no clipboard"));
    done.then(
      () => setResult("copied"),
      () => setResult("failed"),
    );
  };
  const Icon = { none: Copy, copied: Check, failed: TriangleAlert }[result];
  const said = { none: "", copied: t("action.copied"), failed: t("action.copyFailed") }[result];
  return (
    <>
      {children === undefined ? (
        <button
          type="button"
          aria-label={label}
          title={label}
          onClick={copy}
          className="rounded-md p-1.5 text-ink-3 hover:bg-sunken hover:text-ink"
        >
          <Icon aria-hidden className="size-3.5" />
        </button>
      ) : (
        <Button size="sm" onClick={copy}>
          <Icon aria-hidden className="size-3.5" />
          {children}
        </Button>
      )}
      <span role="status" className="sr-only">
        {said}
      </span>
    </>
  );
}
