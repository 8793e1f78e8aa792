import tseslint from "typescript-eslint";

export default tseslint.config(
  { ignores: ["build/", "node_modules/"] },
  ...tseslint.configs.recommended,
  {
    files: ["src/**/*.ts", "test/**/*.ts"],
    rules: {
      // The page's policy forbids what makes code of text, and names must never become markup.
      "no-restricted-properties": [
        "error",
        ...["innerHTML", "outerHTML", "insertAdjacentHTML"].map((property) => ({
          property,
          message: "A name would become markup: set text.",
        })),
      ],
      "no-restricted-globals": ["error", "fetch", "XMLHttpRequest", "eval", "Function"],
      "no-eval": "error",
      "no-implied-eval": "error",
      eqeqeq: "error",
      "prefer-const": "error",
      "@typescript-eslint/no-non-null-assertion": "off",
    },
  },
);
