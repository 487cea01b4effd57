// Checks what a browser must load before the first page shows: the entry and all it imports statically, JS and CSS,
// gzipped, must stay under the limit, and the map and chart libraries must not be among it. Reads the manifest that
// `vite build` leaves in dist. Exit code 1 when over the limit or when dist has not been built.
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";

const limitKB = 420;
const lazy = ["echarts", "maplibre"]; // chunk names given in vite.config.ts
const dist = process.argv[2] ?? join(import.meta.dirname, "dist");

const manifestPath = join(dist, ".vite", "manifest.json");
if (!existsSync(manifestPath)) {
  console.error(`size: ${manifestPath} is missing: run "npm run build" first`);
  process.exit(1);
}
const manifest = JSON.parse(readFileSync(manifestPath, "utf8"));

const chunks = new Set();
function add(key) {
  if (chunks.has(key)) return;
  chunks.add(key);
  for (const next of manifest[key].imports ?? []) add(next);
}
for (const key of Object.keys(manifest)) if (manifest[key].isEntry) add(key);

const files = new Set();
for (const key of chunks) {
  files.add(manifest[key].file);
  for (const css of manifest[key].css ?? []) files.add(css);
}

let total = 0;
for (const file of [...files].sort()) {
  const bytes = gzipSync(readFileSync(join(dist, file)), { level: 9 }).length;
  total += bytes;
  console.log(`${(bytes / 1000).toFixed(1).padStart(8)} KB  ${file}`);
}
console.log(`${(total / 1000).toFixed(1).padStart(8)} KB  first page, gzipped; limit ${limitKB} KB`);

const early = [...chunks].filter((key) => lazy.includes(manifest[key].name));
for (const key of early) console.error(`size: ${manifest[key].name} is loaded with the first page: import it lazily`);
if (total > limitKB * 1000) console.error(`size: ${(total / 1000 - limitKB).toFixed(1)} KB over the limit`);
process.exit(early.length > 0 || total > limitKB * 1000 || chunks.size === 0 ? 1 : 0);
