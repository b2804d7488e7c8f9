import { useTranslation } from "react-i18next";

import { Dialog } from "@/components/ui/dialog";
import { Kbd } from "@/components/ui/kbd";
import { useStore } from "@/lib/store";
import { openDialog } from "@/lib/page/ui-state";

import { DESTINATIONS } from "./navigation";

export function ShortcutsDialog() {
  const { t } = useTranslation();
  const open = useStore(openDialog) === "shortcuts";
  const lines: [string[], string][] = [
    ...DESTINATIONS.map(({ key, shortcut }): [string[], string] => [
      ["g", shortcut],
      t("shortcuts.go", { page: t(`nav.${key}`) }),
    ]),
    [["r"], t("shortcuts.range")],
    [["f"], t("shortcuts.wall")],
    [["/"], t("shortcuts.search")],
    [[t("shortcuts.space")], t("shortcuts.pause")],
    [[","], t("shortcuts.settings")],
    [["?"], t("shortcuts.help")],
  ];
  return (
    <Dialog open={open} onClose={() => openDialog.set(null)} title={t("shortcuts.title")}>
      <dl className="divide-y divide-line">
        {lines.map(([keys, text]) => (
          <div key={text} className="flex items-center justify-between py-2.5">
            <dt>{text}</dt>
            <dd className="flex items-center gap-1.5 text-xs text-ink-3">
              {keys.map((key, index) => (
                <span key={key} className="flex items-center gap-1.5">
                  {index > 0 && t("shortcuts.then")}
                  <Kbd>{key}</Kbd>
                </span>
              ))}
            </dd>
          </div>
        ))}
      </dl>
    </Dialog>
  );
}
