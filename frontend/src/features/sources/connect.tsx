import { useTranslation } from "react-i18next";

import { CopyButton } from "@/components/ui/copy-button";
import { ServerText } from "@/components/ui/server-text";
import type { SourceStatus } from "@/lib/types";

import { Section } from "./section";

function Copied({ text, label }: { readonly text: string; readonly label: string }) {
  return (
    <span className="flex items-center gap-1 rounded-lg border border-line bg-surface py-0.5 pr-1 pl-3">
      <code className="min-w-0 flex-1 py-1 font-mono text-xs break-all">{text}</code>
      <CopyButton text={text} label={label} />
    </span>
  );
}

const secretCommand = (name: string) => `orderpulse source secret ${name}`;

/** Text with `code` between backticks. */
function Step({ text }: { readonly text: string }) {
  return (
    <>
      {text.split("`").map((part, index) =>
        index % 2 === 0 ? (
          part
        ) : (
          <code key={index} className="rounded bg-sunken px-1 py-px font-mono text-xs break-words">
            {part}
          </code>
        ),
      )}
    </>
  );
}

/** Where the sender sends to, and what to do in its settings. */
export function Connect({ source }: { readonly source: SourceStatus }) {
  const { t, i18n } = useTranslation("sources");
  const translated = i18n.language === "vi" && source.steps_vi.length > 0;
  const steps = translated ? source.steps_vi : source.steps;
  return (
    <Section title={t("connect.title")} note={t("connect.method", { method: source.method })}>
      <dl className="flex flex-col gap-3 text-[0.8125rem]">
        <div>
          <dt className="mb-1 text-xs text-ink-3">{t("connect.address")}</dt>
          <dd>
            <Copied text={source.address} label={t("connect.copy")} />
          </dd>
        </div>
        {steps.length > 0 && (
          <div>
            <dt className="mb-1 text-xs text-ink-3">{t("connect.steps")}</dt>
            <dd lang={translated ? "vi" : "en"}>
              <ol className="ml-4.5 flex list-decimal flex-col gap-1 text-ink-2 marker:text-ink-3">
                {steps.map((step) => (
                  <li key={step}>
                    <Step text={step} />
                  </li>
                ))}
              </ol>
            </dd>
          </div>
        )}
      </dl>
      {source.fault !== null && (
        <div className="mt-3 text-[0.8125rem] text-bad">
          {t("faultText")}
          <ServerText text={source.fault} className="break-words text-ink-2" />
        </div>
      )}
      {source.fault === null && !source.secret_set && (
        <div className="mt-3 flex flex-col gap-1 text-[0.8125rem] text-warn">
          {t("noSecretText")}
          <Copied text={secretCommand(source.name)} label={t("connect.copySecret")} />
        </div>
      )}
    </Section>
  );
}
