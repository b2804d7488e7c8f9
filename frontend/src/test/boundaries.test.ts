/** The direction of imports and words outside the catalogues are lint errors: here they are shown to bite. */
import { ESLint } from "eslint";
import { expect, it } from "vitest";

const eslint = new ESLint();

async function breaks(rule: string, file: string, text: string): Promise<boolean> {
  const [result] = await eslint.lintText(text, { filePath: file });
  return result?.messages.some(({ ruleId }) => ruleId === rule) ?? false;
}
const refused = (file: string, from: string) => breaks("no-restricted-imports", file, `import "${from}";\n`);
const untranslated = (jsx: string) =>
  breaks("no-restricted-syntax", "src/features/ops/page.tsx", `export const X = () => ${jsx};\n`);

it.each([
  ["src/lib/cn.ts", "@/components/ui/button"],
  ["src/lib/cn.ts", "@/features/dashboard/page"],
  ["src/components/ui/button.tsx", "@/components/layout/shell"],
  ["src/components/layout/shell.tsx", "@/features/dashboard/page"],
  ["src/features/dashboard/page.tsx", "@/features/events/page"],
  ["src/features/dashboard/page.tsx", "../events/page"],
  ["src/features/dashboard/alerts/rules.ts", "../../events/page"],
  ["src/features/dashboard/page.tsx", "@/app/router"],
])("%s may not import %s", { timeout: 60_000 }, async (file, from) => expect(await refused(file, from)).toBe(true));

it.each([
  ["src/features/dashboard/page.tsx", "@/lib/api"],
  ["src/features/dashboard/alerts/rules.ts", "../figures"],
  ["src/app/router.tsx", "@/features/events/page"],
])("%s may import %s", { timeout: 60_000 }, async (file, from) => expect(await refused(file, from)).toBe(false));

it.each([
  "<p>Nothing here</p>",
  '<p>{"Nothing"}</p>',
  "<p>{count > 1 && `${count} rows`}</p>",
  '<p>{ok ? t("ok") : "Broken"}</p>',
  '<button aria-label="Close" />',
  "<Button title={`Open ${name}`} />",
  '<X label="Range" />',
])("%s holds words outside the catalogues", { timeout: 60_000 }, async (jsx) =>
  expect(await untranslated(jsx)).toBe(true),
);

it.each([
  '<p>{t("a.key")}</p>',
  '<p className="flex">{t(`state.${state}`)} · {count} %</p>',
  '<button type="button" aria-label={t("close")} />',
  "<p>{`${a}:${b}`}</p>",
])("%s holds none", { timeout: 60_000 }, async (jsx) => expect(await untranslated(jsx)).toBe(false));
