// Saves what a page looks like.
import { mkdir } from "node:fs/promises";
import { join } from "node:path";

const root = join(import.meta.dirname, "../../..");

/** Pictures that the guides show. */
const inGuides = new Set(["command", "report", "inbox", "case", "law"]);

/** With SCREENSHOTS=docs the pictures of the guides are renewed; all others go where nothing tracks them. */
const folderOf = (name) => join(root, process.env.SCREENSHOTS === "docs" && inGuides.has(name) ? "docs/screenshots" : "out/screenshots");

/**
 * @param {import("playwright-core").Page} page
 * @param {string} name file name without extension
 * @returns {Promise<string>} the path of the PNG
 */
export async function shot(page, name) {
  const folder = folderOf(name);
  await mkdir(folder, { recursive: true });
  await page.evaluate(() => document.fonts.ready);
  const path = join(folder, `${name}.png`);
  await page.screenshot({ path, animations: "disabled" });
  return path;
}
