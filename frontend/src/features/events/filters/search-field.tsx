import { Search, X } from "lucide-react";
import { type RefObject, useEffect, useState } from "react";
import { useTranslation } from "react-i18next";

import { Kbd } from "@/components/ui/kbd";
import { TextField } from "@/components/ui/text-field";
import { cn } from "@/lib/cn";

import { clip } from "../search";

const SETTLE_MS = 250;

interface SearchFieldProps {
  readonly value: string;
  readonly onValue: (value: string) => void;
  readonly field: RefObject<HTMLInputElement>;
  readonly className?: string;
}

/** Free text that takes effect shortly after the last keystroke, or immediately on Enter. */
export function SearchField({ value, onValue, field, className }: SearchFieldProps) {
  const { t } = useTranslation("events");
  const [text, setText] = useState(value);
  const [from, setFrom] = useState(value);
  // Changed from outside: a chip was removed, or the back button pressed.
  if (value !== from) {
    setFrom(value);
    setText(value);
  }

  useEffect(() => {
    if (text === value) return undefined;
    const timer = setTimeout(() => onValue(text), SETTLE_MS);
    return () => clearTimeout(timer);
  }, [text, value, onValue]);

  return (
    <div role="search" className={cn("relative min-w-0", className)}>
      <Search
        aria-hidden
        className="pointer-events-none absolute top-1/2 left-2.5 size-4 -translate-y-1/2 text-ink-3"
      />
      <TextField
        ref={field}
        type="search"
        aria-label={t("filter.search")}
        aria-keyshortcuts="/"
        placeholder={t("filter.searchHint")}
        autoComplete="off"
        spellCheck={false}
        value={text}
        onChange={(event) => setText(clip(event.target.value))}
        onKeyDown={(event) => {
          if (event.key === "Enter") onValue(text);
          if (event.key !== "Escape") return;
          if (text === "") event.currentTarget.blur();
          else {
            setText("");
            onValue("");
          }
          event.preventDefault();
        }}
        className="h-8 pr-9 pl-8.5 text-[0.8125rem] [&::-webkit-search-cancel-button]:hidden"
      />
      <span className="absolute top-1/2 right-2 flex -translate-y-1/2">
        {text === "" ? (
          <span aria-hidden className="max-md:hidden">
            <Kbd>/</Kbd>
          </span>
        ) : (
          <button
            type="button"
            aria-label={t("filter.clearSearch")}
            onClick={() => {
              setText("");
              onValue("");
              field.current?.focus();
            }}
            className="rounded p-0.5 text-ink-3 hover:text-ink"
          >
            <X aria-hidden className="size-3.5" />
          </button>
        )}
      </span>
    </div>
  );
}
