import type { UseMutationResult } from "@tanstack/react-query";
import { type FormEvent, type ReactNode, useId, useState } from "react";
import { useTranslation } from "react-i18next";

import { Button } from "@/components/ui/button";
import { Dialog } from "@/components/ui/dialog";
import { useErrorText } from "@/components/ui/states";
import { TextField } from "@/components/ui/text-field";
import type { OperateRequest } from "@/lib/api";
import { cn } from "@/lib/cn";
import type { OperateAnswer } from "@/lib/types";
import { useFormat } from "@/lib/locale/use-format";

import type { Service } from "./follow";
import { COMMON_RATES, LEAST_RATE, MOST_RATE, parseRate, writtenRate } from "./rate";

export type Ask = UseMutationResult<OperateAnswer, Error, OperateRequest>;

/** The operation to confirm. */
export interface Intent {
  readonly service: Service;
  readonly action: OperateRequest["action"];
}

interface OperateDialogProps {
  readonly intent: Intent | null;
  readonly rate: number | null;
  readonly ask: Ask;
  readonly onClose: () => void;
}

/** Describes the effect of an operation and asks for confirmation. */
export function OperateDialog({ intent, rate, ask, onClose }: OperateDialogProps) {
  const { t } = useTranslation("ops");
  const close = () => {
    ask.reset();
    onClose();
  };
  const send = (request: OperateRequest) => ask.mutate(request, { onSuccess: onClose });
  const title = intent ? t(`operate.title.${intent.action}`, { service: t(`operate.service.${intent.service}`) }) : "";
  return (
    <Dialog open={intent !== null} onClose={close} title={title}>
      {intent &&
        (intent.action === "set_rate" ? (
          <RateForm
            now={rate}
            ask={ask}
            onSend={(next) => send({ service: "generator", action: "set_rate", rate: next })}
            onClose={close}
          />
        ) : (
          <Confirm service={intent.service} action={intent.action} ask={ask} onSend={send} onClose={close} />
        ))}
    </Dialog>
  );
}

interface ConfirmProps {
  readonly service: Service;
  readonly action: "start" | "stop" | "restart";
  readonly ask: Ask;
  readonly onSend: (request: OperateRequest) => void;
  readonly onClose: () => void;
}

function Confirm({ service, action, ask, onSend, onClose }: ConfirmProps) {
  const { t } = useTranslation("ops");
  return (
    <div className="flex flex-col gap-3">
      <p className="text-ink">{t(`operate.effect.${service}.${action}`)}</p>
      <p className="text-[0.8125rem] text-ink-3">{t("operate.through")}</p>
      <Failure ask={ask} />
      <Buttons ask={ask} onClose={onClose}>
        <Button
          variant={action === "start" ? "primary" : "danger"}
          disabled={ask.isPending}
          onClick={() => onSend({ service, action })}
        >
          {ask.isPending ? t("operate.asking") : t(`operate.confirm.${action}`)}
        </Button>
      </Buttons>
    </div>
  );
}

interface RateFormProps {
  readonly now: number | null;
  readonly ask: Ask;
  readonly onSend: (rate: number) => void;
  readonly onClose: () => void;
}

function RateForm({ now, ask, onSend, onClose }: RateFormProps) {
  const { t } = useTranslation("ops");
  const format = useFormat();
  const id = useId();
  const [text, setText] = useState(now === null ? "" : String(now));
  const [tried, setTried] = useState(false);
  const parsed = parseRate(text);
  const fault = "fault" in parsed ? parsed.fault : null;
  const shown = fault !== null && (tried || fault !== "empty") ? fault : null;
  const limits = { least: format.decimal(LEAST_RATE), most: format.count(MOST_RATE) };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    setTried(true);
    if ("rate" in parsed) onSend(parsed.rate);
  };
  return (
    <form onSubmit={submit} noValidate className="flex flex-col gap-3">
      <label htmlFor={id} className="text-sm font-medium">
        {t("rate.label")}
      </label>
      <TextField
        id={id}
        inputMode="decimal"
        autoComplete="off"
        value={text}
        onChange={(event) => setText(event.target.value)}
        aria-invalid={shown !== null}
        aria-describedby={`${id}-note`}
      />
      <p
        id={`${id}-note`}
        role={shown === null ? undefined : "alert"}
        className={cn("text-[0.8125rem]", shown === null ? "text-ink-3" : "text-bad")}
      >
        {shown === null ? t("rate.hint", limits) : t(`rate.fault.${shown}`, limits)}
      </p>
      <div role="group" aria-label={t("rate.common")} className="flex flex-wrap gap-1.5">
        {COMMON_RATES.map((rate) => (
          <Button key={rate} size="sm" aria-pressed={text === String(rate)} onClick={() => setText(String(rate))}>
            {format.count(rate)}
          </Button>
        ))}
      </div>
      <p className="text-[0.8125rem] text-ink-3">
        {now !== null && `${t("rate.current", { rate: writtenRate(now, format) })} `}
        {t("operate.through")}
      </p>
      <Failure ask={ask} />
      <Buttons ask={ask} onClose={onClose}>
        <Button type="submit" variant="primary" disabled={ask.isPending}>
          {ask.isPending ? t("operate.asking") : t("operate.confirm.set_rate")}
        </Button>
      </Buttons>
    </form>
  );
}

function Failure({ ask }: { readonly ask: Ask }) {
  const { t } = useTranslation("ops");
  const textOf = useErrorText();
  if (!ask.isError) return null;
  return (
    <p role="alert" className="rounded-lg bg-bad-soft px-3 py-2 text-[0.8125rem] text-bad">
      {t("operate.failed", { reason: textOf(ask.error) })}
    </p>
  );
}

function Buttons({
  ask,
  onClose,
  children,
}: {
  readonly ask: Ask;
  readonly onClose: () => void;
  readonly children: ReactNode;
}) {
  const { t } = useTranslation("common");
  return (
    <div className="mt-1 flex justify-end gap-2">
      <Button onClick={onClose} disabled={ask.isPending}>
        {t("action.cancel")}
      </Button>
      {children}
    </div>
  );
}
