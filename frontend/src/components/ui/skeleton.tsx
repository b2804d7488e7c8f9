import { cn } from "@/lib/cn";

/** A placeholder for content that is loading, so that the layout does not shift. */
export function Skeleton({ className }: { readonly className?: string }) {
  return <div aria-hidden className={cn("animate-pulse rounded-md bg-sunken", className)} />;
}
