import { useHub } from "@/lib/context";
import { useStore } from "@/lib/store";
import { useFormat } from "@/lib/locale/use-format";
import { useNow } from "@/lib/live/use-freshness";

/** How long ago a server time was, as text that updates itself. */
export function useAgo(everyMs = 1_000): (at: string | number) => string {
  const format = useFormat();
  const { clockOffsetMs } = useStore(useHub().status);
  const now = useNow(everyMs) + clockOffsetMs;
  return (at) => {
    const seconds = Math.max(0, (now - (typeof at === "number" ? at : Date.parse(at))) / 1_000);
    // Whole seconds: tenths would only flicker.
    return format.duration(Math.round(seconds)).replace(/[.,]0(?!\d)/, "");
  };
}
