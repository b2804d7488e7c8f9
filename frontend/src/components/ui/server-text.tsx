import { useTranslation } from "react-i18next";

/** An English text of another program: in other languages it is collapsed behind a translated label. */
export function ServerText({ text, className }: { readonly text: string; readonly className: string }) {
  const { t, i18n } = useTranslation();
  const english = (
    <p lang="en" className={className}>
      {text}
    </p>
  );
  if (i18n.language === "en") return english;
  return (
    <details className="w-full text-[0.8125rem] text-ink-3">
      <summary className="cursor-pointer leading-6">{t("state.serverText")}</summary>
      {english}
    </details>
  );
}
