/** The direction of imports is a lint error: here it is shown to bite. */
import { ESLint } from "eslint";
import { expect, it } from "vitest";

const eslint = new ESLint();

async function refused(file: string, from: string): Promise<boolean> {
  const [result] = await eslint.lintText(`import "${from}";\n`, { filePath: file });
  return result?.messages.some(({ ruleId }) => ruleId === "no-restricted-imports") ?? false;
}

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
