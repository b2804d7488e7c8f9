import { RadioGroup } from "radix-ui";
import { type ReactNode, useState } from "react";

import { afterPaint } from "@/lib/page/after-paint";
import { cn } from "@/lib/cn";

interface SegmentedProps<T extends string> {
  readonly label: string;
  readonly value: T;
  readonly options: readonly { readonly value: T; readonly label: ReactNode }[];
  readonly onValue: (value: T) => void;
  readonly className?: string;
}

/** A choice of one of a few visible options. Arrow keys change it; it is painted before the work that it causes. */
export function Segmented<T extends string>({ label, value, options, onValue, className }: SegmentedProps<T>) {
  const [chosen, setChosen] = useState(value);
  const [known, setKnown] = useState(value);
  if (known !== value) {
    setKnown(value);
    setChosen(value);
  }
  const choose = (next: T) => {
    setChosen(next);
    afterPaint(() => onValue(next));
  };
  return (
    <RadioGroup.Root
      aria-label={label}
      orientation="horizontal"
      value={chosen}
      onValueChange={(next) => choose(next as T)}
      className={cn("inline-flex rounded-lg bg-sunken p-0.5", className)}
    >
      {options.map((option) => (
        <RadioGroup.Item
          key={option.value}
          value={option.value}
          className={cn(
            "h-7 flex-1 rounded-md px-2.5 text-[0.8125rem] font-medium whitespace-nowrap text-ink-2 transition-colors hover:text-ink",
            "data-[state=checked]:bg-thumb data-[state=checked]:text-ink data-[state=checked]:shadow-card",
          )}
        >
          {option.label}
        </RadioGroup.Item>
      ))}
    </RadioGroup.Root>
  );
}
