import { useTranslation } from "react-i18next";

import type { FailedMessage } from "@/lib/types";

import { en } from "./i18n/en";

const OF_A_FIELD = ["no", "bad", "field"];
const isWhole = (code: string): code is Exclude<keyof typeof en.reason, "no" | "bad" | "field"> =>
  code in en.reason && !OF_A_FIELD.includes(code);

interface ReasonProps {
  readonly outcome: FailedMessage["outcome"];
  readonly code: string;
}

/** Why a message became no accepted event, in a few words; a code of a newer server stays as it is. */
export function Reason({ outcome, code }: ReasonProps) {
  const { t } = useTranslation(["sources", "common"]);
  if (outcome === "rejected")
    return code === "late" || code === "future" ? t(`common:reason.${code}`) : <OfField kind="field" field={code} />;
  if (isWhole(code)) return t(`reason.${code}`);
  const [, kind, field = ""] = /^(no|bad)_(\w+)$/.exec(code) ?? [];
  return kind === "no" || kind === "bad" ? <OfField kind={kind} field={field} /> : <code>{code}</code>;
}

function OfField({ kind, field }: { readonly kind: "no" | "bad" | "field"; readonly field: string }) {
  const { t } = useTranslation("sources");
  return (
    <>
      {t(`reason.${kind}`)} <code className="font-mono text-xs">{field}</code>
    </>
  );
}
