// Launches the system's Chromium and opens one browser context per actor.
import { accessSync, constants } from "node:fs";
import { chromium } from "playwright-core";

const executablePath = process.env.CHROMIUM ?? "/usr/bin/chromium";

/** SwiftShader draws WebGL in software, which MapLibre needs on a machine without a graphics card. */
const args = [
  "--headless",
  "--no-sandbox", // tests run as root in containers
  "--disable-gpu",
  "--use-gl=angle",
  "--use-angle=swiftshader",
  "--enable-unsafe-swiftshader",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

const patience = 30_000; // ms that a page has to show what it should

/** Messages of the graphics driver, not of the page. */
const driverNoise = /GL Driver Message/;

/**
 * Why no browser can be had here, or false when one can. Under CI a missing browser is no reason to skip: launching
 * then fails, and the run is red.
 * @returns {string | false}
 */
export function withoutChromium() {
  try {
    accessSync(executablePath, constants.X_OK);
    return false;
  } catch {
    if (process.env.CI === "true") return false;
    return process.env.CHENGSHU_NO_CHROMIUM || `no Chromium at ${executablePath}: run scripts/setup, or set CHROMIUM`;
  }
}

/** @returns {Promise<import("playwright-core").Browser>} */
export function launch() {
  return chromium.launch({ executablePath, args });
}

/**
 * Opens a fresh context, which shares nothing with the other actors' contexts, in the language and time zone of the
 * city. `faults` collects what went wrong in its pages: uncaught errors, errors on the console (which include failed
 * requests), so that a test can assert it stayed empty.
 * @param {import("playwright-core").Browser} browser
 * @param {import("playwright-core").BrowserContextOptions} [options] `baseURL` lets pages go to paths
 */
export async function actor(browser, options = {}) {
  const context = await browser.newContext({
    locale: "zh-CN",
    timezoneId: "Asia/Shanghai",
    viewport: { width: 1440, height: 900 },
    reducedMotion: "reduce", // screenshots must not catch an animation half way
    ...options,
  });
  context.setDefaultTimeout(patience);
  /** @type {string[]} */
  const faults = [];
  context.on("weberror", (event) => faults.push(`uncaught: ${event.error().stack}`));
  context.on("console", (message) => {
    if (message.type() !== "error" || driverNoise.test(message.text())) return;
    faults.push(`console: ${message.text()} (${message.location().url})`);
  });
  return { context, page: await context.newPage(), faults };
}
