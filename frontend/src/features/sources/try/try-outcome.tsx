import { useTranslation } from "react-i18next";

import { Badge } from "@/components/ui/badge";
import { ServerText } from "@/components/ui/server-text";
import { useFormat } from "@/lib/locale/use-format";
import { visible } from "@/lib/payload";
import type { TriedEvent, TriedField, TryResult } from "@/lib/types";

import { Reason } from "../reason";

/** What a tried message gives: its events field by field, or why it gives none. */
export function TryOutcome({ result }: { readonly result: TryResult }) {
  const { t } = useTranslation("sources");
  const format = useFormat();
  const { outcome, reason, detail, events } = result;
  return (
    <div className="mt-4 flex flex-col gap-4 text-[0.8125rem]">
      <div role="status">
        {outcome === "events" && (
          <p className="font-medium">{t("try.events", { count: events.length, n: format.count(events.length) })}</p>
        )}
        {outcome === "without_event" && <p className="font-medium">{t("try.withoutEvent")}</p>}
        {outcome === "unmapped" && (
          <div className="rounded-lg bg-warn-soft px-3 py-2 text-warn">
            <p className="font-medium">{t("try.unmapped")}</p>
            <p>
              <Reason outcome="unmapped" code={reason ?? ""} />
            </p>
            <ServerText text={detail ?? ""} className="break-words" />
          </div>
        )}
      </div>
      {events.map((event, index) => (
        <Tried key={index} event={event} number={index + 1} />
      ))}
    </div>
  );
}

function Tried({ event, number }: { readonly event: TriedEvent; readonly number: number }) {
  const { t } = useTranslation("sources");
  const format = useFormat();
  const kind = event.fields.find(({ name }) => name === "eventType")?.value ?? "";
  return (
    <table className="w-full table-fixed border-separate border-spacing-0 rounded-lg border border-line bg-surface text-left max-sm:block">
      <caption className="mb-1.5 text-left max-sm:m-0 max-sm:block max-sm:px-3 max-sm:py-2">
        <span className="flex flex-wrap items-center gap-2">
          <span className="font-medium">{t("try.event", { number: format.count(number), kind })}</span>
          <Badge tone={event.accepted ? "good" : "bad"}>{t(event.accepted ? "try.accepts" : "try.rejects")}</Badge>
        </span>
      </caption>
      <thead className="text-xs text-ink-3 max-sm:sr-only">
        <tr>
          <th scope="col" className="w-28 px-3 py-2 font-medium">
            {t("try.field")}
          </th>
          <th scope="col" className="px-2 py-2 font-medium">
            {t("try.value")}
          </th>
          <th scope="col" className="px-2 py-2 font-medium">
            {t("try.origin")}
          </th>
          <th scope="col" className="w-48 px-2 py-2 font-medium">
            {t("try.verdict")}
          </th>
        </tr>
      </thead>
      <tbody className="max-sm:block">
        {event.fields.map((field) => (
          <Field key={field.name} field={field} />
        ))}
      </tbody>
    </table>
  );
}

const CELL = "align-top break-words sm:border-t sm:border-line/70 sm:px-2 sm:py-1.5";
const LINE = `${CELL} min-w-0 max-sm:order-last max-sm:basis-full`;

/** A row of a table; on a phone a block: name and verdict, below them value and origin. */
function Field({ field }: { readonly field: TriedField }) {
  return (
    <tr className="max-sm:flex max-sm:flex-wrap max-sm:gap-x-3 max-sm:border-t max-sm:border-line/70 max-sm:px-3 max-sm:py-2">
      <th scope="row" className={`${CELL} font-normal text-ink-2 max-sm:flex-1 sm:pl-3`}>
        <code className="font-mono text-xs leading-5">{field.name}</code>
      </th>
      <td className={LINE}>
        <code dir="ltr" className="font-mono text-xs leading-5 break-all">
          {visible(field.value)}
        </code>
      </td>
      <td className={LINE}>
        <Origin field={field} />
      </td>
      <td className={`${CELL} max-sm:max-w-[60%] max-sm:text-right`}>
        <Verdict field={field} />
      </td>
    </tr>
  );
}

function Origin({ field: { origin } }: { readonly field: TriedField }) {
  const { t } = useTranslation("sources");
  if (origin.length === 0) return <span className="text-xs text-ink-3">{t("try.fixed")}</span>;
  return <code className="font-mono text-xs text-ink-3">{origin.join(", ")}</code>;
}

function Verdict({ field: { fault, timing } }: { readonly field: TriedField }) {
  const { t } = useTranslation("sources");
  if (fault !== null)
    return (
      <>
        <span className="font-medium text-bad">{t("try.refused")}</span>
        <ServerText text={fault} className="text-xs break-words text-ink-2" />
      </>
    );
  if (timing !== null) return <span className="font-medium text-warn">{t(`try.${timing}`)}</span>;
  return <span className="text-good">{t("try.ok")}</span>;
}
