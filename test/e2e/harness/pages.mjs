// What people do on the application's pages, in the words that the pages use.
import { axe } from "./axe.mjs";
import { shot } from "./shot.mjs";

/** Titles that the packs of the demo city declare. */
export const category = "井盖缺失";
export const manhole = { lon: 114.52972, lat: 38.04533 };
export const dutyUnit = "建北街道综合行政执法队";

/** A case's number: SJ, the day, a sequence. */
export const numberPattern = /SJ\d{13}/;

/**
 * Resolves when the page shows its heading and nothing on it is loading any more.
 * @param {import("playwright-core").Page} page
 */
export async function settled(page) {
  await page.locator("main h1").first().waitFor();
  await page.waitForFunction(() => !document.querySelector(".cs-loading, .ant-skeleton, .ant-spin-spinning, [aria-busy=true]"));
  await page.waitForFunction(() => document.querySelectorAll(".cs-map-frame:not([data-drawn])").length === 0);
  await page.waitForFunction(() => [...document.images].every((image) => image.complete || image.loading === "lazy"));
}

/**
 * Opens a page, waits for it, and checks it against WCAG 2.2 AA. With a name, saves what it looks like.
 * @param {import("playwright-core").Page} page
 * @param {string} path
 * @param {string} [name]
 */
export async function visit(page, path, name) {
  await page.goto(path);
  await settled(page);
  if (name) await shot(page, name);
  await axe(page);
}

/**
 * Chooses an option of a list that drops down, by typing a part of it.
 * @param {import("playwright-core").Page | import("playwright-core").Locator} scope
 * @param {RegExp} label
 * @param {string} option
 */
export async function choose(scope, label, option) {
  const box = scope.getByRole("combobox", { name: label });
  await box.fill(option);
  await scope.locator(".ant-select-item-option").filter({ hasText: option }).first().waitFor();
  await box.press("Enter");
}

const tolerance = 0.0001; // degrees, some ten metres
const mostSteps = 60;

/**
 * Points at a place on the map as a person does: looks where a click lands, comes closer with the wheel, clicks again.
 * @param {import("playwright-core").Page} page
 * @param {{lon: number, lat: number}} target
 */
export async function pickOnMap(page, target) {
  const canvas = page.locator(".cs-map-picking canvas");
  await canvas.scrollIntoViewIfNeeded();
  const box = await canvas.boundingBox();
  const readout = page.locator(".cs-place-chosen");
  const press = async (x, y) => {
    const before = await readout.textContent();
    await page.mouse.click(box.x + x, box.y + y);
    await page.waitForFunction((old) => document.querySelector(".cs-place-chosen").textContent !== old, before);
    const [lat, lon] = (await readout.locator("strong").textContent()).match(/-?\d+\.\d+/g).map(Number);
    return { x, y, lon, lat };
  };
  let at = { x: box.width / 2, y: box.height / 2 };
  for (let step = 0; step < mostSteps; step++) {
    const one = await press(at.x, at.y);
    if (Math.abs(one.lon - target.lon) < tolerance && Math.abs(one.lat - target.lat) < tolerance) return;
    const other = await press(at.x > box.width / 2 ? at.x - 40 : at.x + 40, at.y > box.height / 2 ? at.y - 40 : at.y + 40);
    const along = (axis, degrees) => one[axis] + ((target[degrees] - one[degrees]) * (other[axis] - one[axis])) / (other[degrees] - one[degrees]);
    const inside = (value, size) => Math.min(Math.max(value, 8), size - 8);
    at = { x: inside(along("x", "lon"), box.width), y: inside(along("y", "lat"), box.height) };
    if (Math.abs(one.lon - other.lon) / 40 > tolerance / 2) {
      await page.mouse.move(box.x + at.x, box.y + at.y);
      for (let turn = 0; turn < 3; turn++) await page.mouse.wheel(0, -1600); // about one level each
    }
  }
  throw new Error(`the map does not come to ${target.lon}, ${target.lat}; it says ${await readout.textContent()}`);
}

/**
 * Does one action on the case shown: its button, its form, its button again.
 * @param {import("playwright-core").Page} page
 * @param {string} title of the action
 * @param {(dialog: import("playwright-core").Locator) => Promise<void>} [fill]
 */
export async function act(page, title, fill = async () => {}) {
  await page.locator(".cs-actions").getByRole("button", { name: title, exact: true }).click();
  const dialog = page.getByRole("dialog");
  await dialog.waitFor();
  await axe(page);
  await fill(dialog);
  await dialog.getByRole("button", { name: title, exact: true }).click();
  await dialog.waitFor({ state: "hidden" });
}

/**
 * Adds a file to the form or dialog, and waits until the server has it.
 * @param {import("playwright-core").Locator | import("playwright-core").Page} scope
 * @param {string} path
 */
export async function addPhoto(scope, path) {
  await scope.locator("input[type=file]").setInputFiles(path);
  await scope.locator(".cs-chosen img").first().waitFor();
}
