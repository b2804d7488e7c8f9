import js from "@eslint/js";
import jsxA11y from "eslint-plugin-jsx-a11y";
import reactHooks from "eslint-plugin-react-hooks";
import { defineConfig, globalIgnores } from "eslint/config";
import globals from "globals";
import tseslint from "typescript-eslint";

/**
 * Imports point one way: app -> features -> components/layout -> components/ui -> lib.
 * Features never import each other; inside a feature, imports are relative.
 */
const closed = (message, group) => ({
  "no-restricted-imports": ["error", { patterns: [{ group, message }] }],
});

const WORDS =
  ":matches(Literal[value=/[A-Za-zÀ-ỹ]{2}/], TemplateLiteral:has(> TemplateElement[value.raw=/[A-Za-zÀ-ỹ]{2}/]))";
const READ =
  "/^(aria-(label|description|roledescription|valuetext)|alt|title|placeholder|text|label|hint|description)$/";
/** Literal text in JSX, direct or in a condition. */
const untranslated = [
  "JSXElement > JSXExpressionContainer",
  "JSXFragment > JSXExpressionContainer",
  `JSXAttribute[name.name=${READ}] > JSXExpressionContainer`,
]
  .flatMap((place) => [
    `${place} > ${WORDS}`,
    `${place} > :matches(ConditionalExpression, LogicalExpression) > ${WORDS}`,
  ])
  .concat("JSXText[value=/[A-Za-zÀ-ỹ]{2}/]", `JSXAttribute[name.name=${READ}] > ${WORDS}`);

export default defineConfig(
  globalIgnores(["dist", "node_modules", "src/lib/openapi.d.ts"]),
  js.configs.recommended,
  {
    files: ["src/**/*.{ts,tsx}", "vite.config.ts"],
    extends: [tseslint.configs.strictTypeChecked, tseslint.configs.stylisticTypeChecked],
    languageOptions: {
      globals: globals.browser,
      parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname },
    },
    rules: {
      "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true }],
      "@typescript-eslint/no-confusing-void-expression": ["error", { ignoreArrowShorthand: true }],
      "@typescript-eslint/consistent-type-definitions": ["error", "interface"],
      // noPropertyAccessFromIndexSignature of the compiler requires the brackets.
      "@typescript-eslint/dot-notation": "off",
    },
  },
  {
    files: ["src/**/*.tsx", "src/**/use-*.ts"],
    extends: [reactHooks.configs.flat["recommended-latest"], jsxA11y.flatConfigs.strict],
  },
  {
    files: ["src/**/*.tsx"],
    ignores: ["src/**/*.test.tsx", "src/test/**"],
    rules: {
      "no-restricted-syntax": [
        "error",
        ...untranslated.map((selector) => ({
          selector,
          message: "Texts that users read come from the catalogues, in each language.",
        })),
      ],
    },
  },
  { files: ["public/**/*.js"], languageOptions: { globals: globals.browser, sourceType: "script" } },
  {
    files: ["src/lib/**", "src/i18n/**"],
    rules: closed("lib knows neither components nor features.", ["@/components/**", "@/features/**", "@/app/**"]),
  },
  {
    files: ["src/components/ui/**"],
    rules: closed("ui knows neither layout nor features.", ["@/components/layout/**", "@/features/**", "@/app/**"]),
  },
  {
    files: ["src/components/layout/**"],
    rules: closed("The layout knows no feature.", ["@/features/**", "@/app/**"]),
  },
  {
    files: ["src/features/**"],
    rules: closed("Features never import each other; inside a feature, import relatively.", [
      "@/features/**",
      "@/app/**",
      "../dashboard/**",
      "../events/**",
      "../ops/**",
      "../../**",
    ]),
  },
);
