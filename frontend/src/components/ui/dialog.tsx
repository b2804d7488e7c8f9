/**
 * Modal windows on the browser's own `<dialog>`: focus is kept inside, Escape closes, the rest is
 * inert, and no style is injected, which the content security policy would refuse.
 */
import { X } from "lucide-react";
import { type ReactNode, type SyntheticEvent, useEffect, useId, useRef } from "react";
import { useTranslation } from "react-i18next";

import { cn } from "@/lib/cn";

import { Button } from "./button";

interface ModalProps {
  readonly open: boolean;
  readonly onClose: () => void;
  readonly title: ReactNode;
  readonly description?: ReactNode;
  readonly children: ReactNode;
  readonly className?: string;
  /** Cannot be closed by the user: no close button, and Escape does nothing. */
  readonly locked?: boolean;
}

function Modal({ open, onClose, title, description, children, className, locked = false }: ModalProps) {
  const { t } = useTranslation();
  const ref = useRef<HTMLDialogElement>(null);
  const titleId = useId();
  const textId = useId();

  useEffect(() => {
    const dialog = ref.current;
    if (!dialog) return undefined;
    if (open && !dialog.open) {
      dialog.showModal();
      document.documentElement.classList.add("overflow-hidden");
    }
    if (!open && dialog.open) dialog.close();
    return () => document.documentElement.classList.remove("overflow-hidden");
  }, [open]);

  const onCancel = (event: SyntheticEvent) => {
    event.preventDefault();
    if (!locked) onClose();
  };

  return (
    // The backdrop is a second way to close for a mouse; the keyboard has Escape and the close button.
    // eslint-disable-next-line jsx-a11y/no-noninteractive-element-interactions, jsx-a11y/click-events-have-key-events
    <dialog
      ref={ref}
      aria-labelledby={titleId}
      aria-describedby={description === undefined ? undefined : textId}
      onCancel={onCancel}
      onClose={() => {
        if (!open) return;
        // Browsers let a second Escape close a dialog that refused the first.
        if (locked) ref.current?.showModal();
        else onClose();
      }}
      onClick={(event) => event.target === ref.current && !locked && onClose()}
      className={cn("bg-raised p-0 text-ink shadow-raised", className)}
    >
      {open && (
        <div className="flex max-h-full flex-col">
          <header className="flex items-start gap-3 px-5 pt-4 pb-2">
            <div className="min-w-0 flex-1">
              <h2 id={titleId} className="text-base font-semibold tracking-tight">
                {title}
              </h2>
              {description !== undefined && (
                <p id={textId} className="mt-0.5 text-sm text-ink-2">
                  {description}
                </p>
              )}
            </div>
            {!locked && (
              <Button
                variant="ghost"
                size="icon"
                className="-mt-1 -mr-2 size-8"
                onClick={onClose}
                aria-label={t("action.close")}
              >
                <X className="size-4" aria-hidden />
              </Button>
            )}
          </header>
          <div className="min-h-0 flex-1 overflow-y-auto px-5 pt-1 pb-5">{children}</div>
        </div>
      )}
    </dialog>
  );
}

/** A centred dialog. */
export function Dialog({ className, ...rest }: ModalProps) {
  return (
    <Modal
      className={cn(
        "w-[min(32rem,calc(100vw-2rem))] max-h-[min(44rem,calc(100dvh-2rem))] animate-[dialog-in_160ms_ease-out] rounded-2xl",
        className,
      )}
      {...rest}
    />
  );
}

/** A drawer from the right; the whole width on a phone. */
export function Drawer({ className, ...rest }: ModalProps) {
  return (
    <Modal
      className={cn(
        "mr-0 ml-auto h-dvh max-h-dvh w-[min(30rem,100%)] max-w-none animate-[sheet-in_180ms_ease-out] border-l border-line",
        className,
      )}
      {...rest}
    />
  );
}
