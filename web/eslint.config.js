// What TypeScript itself does not find. Rules that need type information are left to `tsc`, which keeps this under ten seconds.
import reactHooks from "eslint-plugin-react-hooks";
import { defineConfig } from "eslint/config";
import tseslint from "typescript-eslint";

export default defineConfig(
  { ignores: ["dist", "node_modules"] },
  tseslint.configs.recommended, // includes no-explicit-any: what the API sends is named in src/api/types.ts, so `any` hides a mistake
  reactHooks.configs.flat.recommended,
  {
    rules: {
      "no-restricted-imports": [
        "error",
        {
          paths: [
            { name: "echarts", message: "import echarts/core and the charts needed: the whole of ECharts is 1 MB." },
            { name: "lodash", message: "the language has it by now." },
            { name: "moment", message: "use dayjs, which antd brings along." },
          ],
        },
      ],
    },
  },
);
