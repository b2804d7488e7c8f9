import { type FormEvent, useEffect, useId, useRef, useState } from "react";
import { useTranslation } from "react-i18next";

import { Button } from "@/components/ui/button";
import { useErrorText } from "@/components/ui/states";
import { TextField } from "@/components/ui/text-field";
import type { SourceStatus } from "@/lib/types";

import { Section } from "../section";
import { useTry } from "../use-sources";
import { TryOutcome } from "./try-outcome";

interface TryFormProps {
  readonly source: SourceStatus;
  readonly payload: string;
  /** Whether a click elsewhere filled the form: the focus moves here. */
  readonly asked: boolean;
}

/** A message pasted to see what it gives; nothing is sent on. */
export function TryForm({ source, payload, asked }: TryFormProps) {
  const { t } = useTranslation("sources");
  const errorText = useErrorText();
  const id = useId();
  const field = useRef<HTMLTextAreaElement>(null);
  const [text, setText] = useState(payload);
  const [headers, setHeaders] = useState<Readonly<Record<string, string>>>({});
  const [empty, setEmpty] = useState(false);
  const { mutate, data, error, isPending } = useTry(source.name);
  useEffect(() => {
    if (asked) field.current?.focus();
  }, [asked]);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    setEmpty(text.trim() === "");
    if (text.trim() !== "") mutate({ payload: text, headers });
  };
  return (
    <Section title={t("try.title")} note={t("try.note")}>
      <form onSubmit={submit} noValidate className="flex flex-col gap-3">
        {source.headers.map((name) => (
          <div key={name} className="max-w-md">
            <label htmlFor={`${id}-${name}`} className="mb-1 block text-xs text-ink-3">
              {t("try.header", { name })}
            </label>
            <TextField
              id={`${id}-${name}`}
              autoComplete="off"
              spellCheck={false}
              placeholder={t("try.headerHint")}
              value={headers[name] ?? ""}
              onChange={(event) => setHeaders({ ...headers, [name]: event.target.value })}
            />
          </div>
        ))}
        <div>
          <label htmlFor={id} className="mb-1 block text-xs text-ink-3">
            {t(source.payload === "query" ? "try.payloadQuery" : "try.payload")}
          </label>
          <textarea
            ref={field}
            id={id}
            rows={7}
            dir="ltr"
            spellCheck={false}
            autoComplete="off"
            value={text}
            onChange={(event) => {
              setText(event.target.value);
              setEmpty(false);
            }}
            aria-invalid={empty}
            aria-describedby={empty ? `${id}-fault` : undefined}
            className="block w-full resize-y rounded-lg border border-line bg-surface px-3 py-2 font-mono text-xs leading-relaxed text-ink shadow-card aria-invalid:border-bad"
          />
          {empty && (
            <p id={`${id}-fault`} role="alert" className="mt-1 text-[0.8125rem] text-bad">
              {t("try.empty")}
            </p>
          )}
        </div>
        <Button type="submit" size="sm" variant="primary" className="self-start" disabled={isPending}>
          {isPending ? t("try.running") : t("try.run")}
        </Button>
      </form>
      {error && (
        <p role="alert" className="mt-3 text-[0.8125rem] text-bad">
          {errorText(error)}
        </p>
      )}
      {data && <TryOutcome result={data} />}
    </Section>
  );
}
