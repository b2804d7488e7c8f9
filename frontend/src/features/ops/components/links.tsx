import { ExternalLink } from "lucide-react";
import { Popover } from "radix-ui";
import { useTranslation } from "react-i18next";

import { Button } from "@/components/ui/button";
import { OutLink } from "@/components/ui/out-link";
import type { Link } from "@/lib/types";
import { useLinkText } from "@/lib/locale/use-link-text";

/** All links of a component behind a button. */
export function Links({ name, links }: { readonly name: string; readonly links: readonly Link[] }) {
  const { t } = useTranslation("ops");
  const textOf = useLinkText();
  return (
    <Popover.Root>
      <Popover.Trigger asChild>
        <Button size="sm" variant="ghost" aria-label={t("components.linksOf", { name })}>
          <ExternalLink aria-hidden className="size-3.5" />
          <span className="max-xl:sr-only">{t("components.links")}</span>
        </Button>
      </Popover.Trigger>
      <Popover.Portal>
        <Popover.Content
          align="end"
          sideOffset={6}
          collisionPadding={12}
          aria-label={t("components.linksOf", { name })}
          className="z-40 flex max-h-[60dvh] min-w-56 flex-col overflow-y-auto rounded-xl border border-line bg-raised p-1.5 shadow-raised"
        >
          {links.map((link) => (
            <OutLink
              key={link.url}
              url={link.url}
              text={textOf(link)}
              className="justify-between rounded-lg px-2.5 py-1.5 text-[0.8125rem] hover:bg-sunken"
            />
          ))}
        </Popover.Content>
      </Popover.Portal>
    </Popover.Root>
  );
}
