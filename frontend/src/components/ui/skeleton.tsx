import { cn } from "@/lib/cn";

/** Holds the place of what is still loading, so that nothing jumps when it comes. */
export function Skeleton({ className }: { readonly className?: string }) {
  return <div aria-hidden className={cn("animate-pulse rounded-md bg-sunken", className)} />;
}
