import { useId, useState } from "react";
import { useTranslation } from "react-i18next";

import { Dialog } from "@/components/ui/dialog";
import { Switch } from "@/components/ui/switch";
import { TextField } from "@/components/ui/text-field";

import { parseLimit, writeLimit } from "./limit";
import { type AlertSettings, NO_REVENUE_RULE } from "./rules";
import { alertSettings, useAlertSettings } from "./use-alerts";

interface RuleRowProps {
  readonly label: string;
  readonly unit: string;
  readonly rule: { readonly on: boolean; readonly limit: number };
  readonly onChange: (rule: { on: boolean; limit: number }) => void;
}

function RuleRow({ label, unit, rule, onChange }: RuleRowProps) {
  const { t, i18n } = useTranslation("dashboard");
  const [text, setText] = useState(() => writeLimit(rule.limit, i18n.language));
  const id = useId();
  const hintId = useId();
  const wrong = parseLimit(text, i18n.language) === null;
  return (
    <div className="flex min-h-14 flex-wrap items-center gap-3 py-2">
      <Switch label={t("alerts.on", { rule: label })} checked={rule.on} onChecked={(on) => onChange({ ...rule, on })} />
      <label htmlFor={id} className="min-w-0 flex-1 basis-40">
        {label}
      </label>
      <span className="flex items-center gap-2">
        <TextField
          id={id}
          inputMode="decimal"
          className="h-8 w-28 text-right"
          aria-label={t("alerts.limit", { rule: label })}
          aria-invalid={wrong}
          aria-describedby={wrong ? hintId : undefined}
          value={text}
          onChange={(event) => {
            setText(event.target.value);
            const next = parseLimit(event.target.value, i18n.language);
            if (next !== null) onChange({ ...rule, limit: next });
          }}
        />
        <span className="w-16 text-xs text-ink-3">{unit}</span>
      </span>
      {wrong && (
        <span id={hintId} role="alert" className="basis-full text-right text-xs text-bad">
          {t("alerts.wrong", { example: writeLimit(12_345.5, i18n.language) })}
        </span>
      )}
    </div>
  );
}

const COUNTS = ["failed", "cancelled", "orders"] as const;

function Rules({ settings, currencies }: { readonly settings: AlertSettings; readonly currencies: readonly string[] }) {
  const { t } = useTranslation("dashboard");
  return (
    <div className="divide-y divide-line">
      <RuleRow
        label={t("alerts.rule.success_rate")}
        unit={t("alerts.unit.percent")}
        rule={settings.success_rate}
        onChange={(success_rate) => alertSettings.update({ success_rate })}
      />
      {COUNTS.map((name) => (
        <RuleRow
          key={name}
          label={t(`alerts.rule.${name}`)}
          unit={t("alerts.unit.count")}
          rule={settings[name]}
          onChange={(rule) => alertSettings.update({ [name]: rule })}
        />
      ))}
      {currencies.map((currency) => (
        <RuleRow
          key={currency}
          label={t("alerts.rule.revenue", { currency })}
          unit={t("alerts.unit.count")}
          rule={settings.revenue[currency] ?? NO_REVENUE_RULE}
          onChange={(rule) => alertSettings.update({ revenue: { ...alertSettings.get().revenue, [currency]: rule } })}
        />
      ))}
      <RuleRow
        label={t("alerts.rule.lag")}
        unit={t("alerts.unit.seconds")}
        rule={settings.lag}
        onChange={(lag) => alertSettings.update({ lag })}
      />
      <div className="flex min-h-14 items-center gap-3 py-2">
        <Switch
          label={t("alerts.sound")}
          checked={settings.sound}
          onChecked={(sound) => alertSettings.update({ sound })}
        />
        <span>
          {t("alerts.sound")} <span className="text-ink-3">· {t("alerts.soundHint")}</span>
        </span>
      </div>
    </div>
  );
}

interface AlertsDialogProps {
  readonly open: boolean;
  readonly onClose: () => void;
  readonly currencies: readonly string[];
}

export function AlertsDialog({ open, onClose, currencies }: AlertsDialogProps) {
  const { t } = useTranslation("dashboard");
  const settings = useAlertSettings();
  return (
    <Dialog open={open} onClose={onClose} title={t("alerts.title")} description={t("alerts.text")}>
      <Rules settings={settings} currencies={currencies} />
    </Dialog>
  );
}
