import { writeFileSync } from "node:fs";
import { env } from "node:process";
import react from "@vitejs/plugin-react";
import type { Plugin } from "vite";
import { defineConfig } from "vitest/config";

/** Where `npm run dev` finds the server; the server's own default address. */
const server = env.CHENGSHU_URL ?? "http://127.0.0.1:8080";

/** Paths the server answers itself. Everything else is a screen, which Vite serves from index.html. */
const served = ["/api", "/log", "/openapi.json", "/healthz", "/readyz", "/metrics", "/.well-known", "/oidc", "/tiles"];

/** dist/.keep is tracked so that `go test` can embed dist without Node; Vite empties dist, so it is put back. */
function keep(): Plugin {
  return {
    name: "keep",
    apply: "build",
    writeBundle({ dir }) {
      if (dir) writeFileSync(`${dir}/.keep`, "");
    },
  };
}

export default defineConfig({
  plugins: [react(), keep()],
  server: {
    host: "127.0.0.1",
    port: 5173,
    proxy: Object.fromEntries(served.map((path) => [path, { target: server }])),
  },
  build: {
    target: "es2022",
    manifest: true, // read by size.mjs
    chunkSizeWarningLimit: 1200, // MapLibre alone is 1.06 MB, loaded lazily; what matters is checked by size.mjs
    rolldownOptions: {
      output: {
        codeSplitting: {
          // React changes seldom, so browsers keep it across our releases. ECharts and MapLibre are imported lazily
          // by the charts and maps; the names only make them easy to find. antd is left to the automatic splitting:
          // one chunk for all of it would load the date pickers of the last screen with the first page.
          groups: [
            { name: "react", test: /node_modules\/(react|react-dom|scheduler)\//, priority: 3 },
            { name: "echarts", test: /node_modules\/(echarts|zrender)\//, priority: 2 },
            { name: "maplibre", test: /node_modules\/maplibre-gl\//, priority: 2 },
          ],
        },
      },
    },
  },
  test: {
    environment: "jsdom",
    include: ["src/**/*.test.{ts,tsx}"],
    testTimeout: 30_000, // the machine may be busy; none takes a second on an idle one
    env: { TZ: "Asia/Shanghai" },
  },
});
