import { type ClassValue, clsx } from "clsx";
import { twMerge } from "tailwind-merge";

/** Merges class names; a later one of the same kind wins. */
export function cn(...classes: ClassValue[]): string {
  return twMerge(clsx(classes));
}
