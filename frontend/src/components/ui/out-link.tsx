import { ExternalLink } from "lucide-react";

import { cn } from "@/lib/cn";

interface OutLinkProps {
  readonly url: string;
  readonly text: string;
  readonly className: string;
}

/** A link to another program of the platform. */
export function OutLink({ url, text, className }: OutLinkProps) {
  return (
    <a href={url} target="_blank" rel="noreferrer" className={cn("inline-flex items-center gap-1.5", className)}>
      {text}
      <ExternalLink aria-hidden className="size-3.5 shrink-0 opacity-70" />
    </a>
  );
}
