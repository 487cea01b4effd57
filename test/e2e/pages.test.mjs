// Every page passes WCAG 2.2 AA: as it first shows, in the elders' mode, and on a phone, where nothing may stick out
// of the screen either.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { launch, withoutChromium } from "./harness/chrome.mjs";
import { start, withoutProgram } from "./harness/city.mjs";
import { manhole, visit } from "./harness/pages.mjs";

const skip = withoutProgram() || withoutChromium();
const office = "/office/s";

/** Pages by who opens them; the empty name is a visitor. `:case` is a reported incident. */
const pages = {
  "": ["/", "/login", "/register", "/public/s/coordination/law", "/public/s/city-governance/report", "/no-such-page"],
  citizen: ["/", "/public/s/city-governance/report", "/public/s/city-governance/my-cases", "/public/t/incident/:case", "/public/reads"],
  dispatcher: [
    "/office/inbox",
    `${office}/city-governance/incidents`,
    `${office}/city-governance/incident-map`,
    `${office}/city-governance/duties`,
    `${office}/public-data/divisions`,
    `${office}/coordination/duty-plans`,
    "/office/t/incident/:case",
    "/office/t/division/130102001",
    "/office/search?q=井盖",
    "/office/catalogue",
    "/office/catalogue/incident",
  ],
  supervisor: ["/screen"],
  admin: [
    "/admin/packs",
    "/admin/orgs",
    "/admin/grants",
    "/admin/evidence",
    "/admin/health",
    "/admin/jobs",
    `${office}/public-data/natural-persons`,
    `${office}/coordination/law-duties`,
    `${office}/coordination/new-duty`,
    `${office}/coordination/duty-board`,
  ],
};

const modes = {
  desktop: { options: {}, elder: false },
  elder: { options: {}, elder: true },
  phone: { options: { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true, deviceScaleFactor: 2 }, elder: false },
};

let browser, city, item;

before(async () => {
  if (skip) return;
  [city, browser] = await Promise.all([start(), launch()]);
  const { context } = await city.actor(browser, "citizen");
  const fields = { category: "P0101", location: manhole, description: "井盖缺失", reporter_phone: "13900000001" };
  const response = await context.request.post("/api/cases/incident", { data: { action: "report", fields } });
  assert.equal(response.status(), 201, await response.text());
  item = (await response.json()).id;
  await context.close();
});

after(async () => {
  await browser?.close();
  await city?.stop();
});

for (const [mode, { options, elder }] of Object.entries(modes))
  for (const [account, paths] of Object.entries(pages))
    test(`${mode}: ${account || "a visitor"}`, { skip }, async () => {
      const { context, page, faults } = await city.actor(browser, account, options);
      await page.addInitScript((value) => localStorage.setItem("chengshu.preferences", JSON.stringify({ elder: value })), elder);
      const wrong = [];
      for (const path of paths) {
        const name = `${mode}-${account || "visitor"}${path.replace(/\?.*/, "").replaceAll("/", "-").replace(":", "")}`;
        await visit(page, path.replace(":case", item), name).catch((error) => wrong.push(`${path}: ${error.message}`));
        assert.equal(await page.evaluate(() => document.documentElement.dataset.elder), String(elder), path);
        const [wide, width] = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
        if (wide > width) wrong.push(`${path}: ${wide} px wide on a screen of ${width} px`);
      }
      await context.close();
      assert.deepEqual([...wrong, ...faults], []);
    });
