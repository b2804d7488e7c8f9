import { useHub } from "@/lib/context";
import { useStore } from "@/lib/store";
import { useFormat } from "@/lib/use-format";
import { useNow } from "@/lib/use-freshness";

/** How long ago a moment of the server was, in words that move on by themselves. */
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
