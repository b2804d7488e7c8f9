import { Lock } from "lucide-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";

import { TitledCard } from "@/components/ui/card";
import { useAbout } from "@/lib/queries";
import type { Health } from "@/lib/types";

import { ComponentRow } from "./component-row";
import { serviceOf } from "./follow";
import { type Intent, OperateDialog } from "./operate-dialog";
import { useOperate } from "./use-operate";

/** One line per component, with buttons for users with the scope. */
export function ComponentsCard({ health, reread }: { readonly health: Health; readonly reread: () => void }) {
  const { t } = useTranslation("ops");
  const about = useAbout().data;
  const { ask, followed } = useOperate(health, reread);
  const [intent, setIntent] = useState<Intent | null>(null);
  const mayOperate = about?.scopes.includes("operate") ?? false;
  const { components } = health;
  const generator = components.find((component) => component.name === "generator");
  // Both queries are one service: its buttons are in the line of the first.
  const leads = new Set(
    ["generator", "spark_stream"].map((service) => components.find(({ name }) => serviceOf(name) === service)?.name),
  );
  return (
    <TitledCard title={t("components.title")} bodyClassName="px-0 pb-1">
      {components.length === 0 && <p className="px-4 pb-3 text-[0.8125rem] text-ink-2">{t("components.empty")}</p>}
      <ul className="divide-y divide-line xl:grid xl:grid-cols-[auto_minmax(0,1fr)_auto_auto_auto]">
        {components.map((component) => {
          const service = leads.has(component.name) ? serviceOf(component.name) : null;
          return (
            <ComponentRow
              key={component.name}
              component={component}
              service={mayOperate ? service : null}
              followed={service && followed(service)}
              onIntent={setIntent}
            />
          );
        })}
      </ul>
      {about && !mayOperate && (
        <p className="flex items-center gap-2 border-t border-line px-4 py-2.5 text-[0.8125rem] text-ink-3">
          <Lock aria-hidden className="size-3.5 shrink-0" />
          {t("operate.readOnly")}
        </p>
      )}
      <OperateDialog intent={intent} rate={generator?.rate ?? null} ask={ask} onClose={() => setIntent(null)} />
    </TitledCard>
  );
}
