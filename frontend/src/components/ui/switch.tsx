import { Switch as Radix } from "radix-ui";

interface SwitchProps {
  readonly label: string;
  readonly checked: boolean;
  readonly onChecked: (checked: boolean) => void;
}

/** On or off, at once. */
export function Switch({ label, checked, onChecked }: SwitchProps) {
  return (
    <Radix.Root
      aria-label={label}
      checked={checked}
      onCheckedChange={onChecked}
      className="inline-flex h-5.5 w-9.5 shrink-0 items-center rounded-full bg-line-strong p-0.5 transition-colors data-[state=checked]:bg-accent"
    >
      <Radix.Thumb className="size-4.5 rounded-full bg-surface shadow-card transition-transform data-[state=checked]:translate-x-4" />
    </Radix.Root>
  );
}
