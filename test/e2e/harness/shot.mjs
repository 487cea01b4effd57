// Saves what a page looks like.
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";

const root = join(import.meta.dirname, "../../..");

/** Pictures that the guides show. */
const inGuides = new Set(["command", "report", "inbox", "case", "law"]);

/** With SCREENSHOTS=docs the pictures of the guides are renewed; all others go where nothing tracks them. */
const folderOf = (name) => join(root, process.env.SCREENSHOTS === "docs" && inGuides.has(name) ? "docs/screenshots" : "out/screenshots");

/**
 * @param {import("playwright-core").Page} page
 * @param {string} name file name without extension
 * @param {number} [width] in pixels, to which a large page is drawn smaller
 * @returns {Promise<string>} the path of the PNG
 */
export async function shot(page, name, width) {
  const folder = folderOf(name);
  await mkdir(folder, { recursive: true });
  await page.evaluate(() => document.fonts.ready);
  const path = join(folder, `${name}.png`);
  const bytes = await page.screenshot({ animations: "disabled" });
  await writeFile(path, width ? await smaller(page, bytes, width) : bytes);
  return path;
}

/** Lets the browser itself draw the picture smaller. */
async function smaller(page, bytes, width) {
  const { width: from, height } = page.viewportSize();
  const frame = await page.context().newPage();
  await frame.setViewportSize({ width, height: Math.round((height * width) / from) });
  await frame.setContent(`<body style="margin:0"><img style="display:block;width:100%" src="data:image/png;base64,${bytes.toString("base64")}">`);
  const result = await frame.screenshot();
  await frame.close();
  return result;
}
