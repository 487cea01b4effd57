// Every page passes WCAG 2.2 AA: as it first shows, in the elders' mode, and on a phone, where nothing may stick out
// of the screen either.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { axe } from "./harness/axe.mjs";
import { launch, withoutChromium } from "./harness/chrome.mjs";
import { start, withoutProgram } from "./harness/city.mjs";
import { manhole, settled, visit } from "./harness/pages.mjs";
import { shot } from "./harness/shot.mjs";

const skip = withoutProgram() || withoutChromium();
const office = "/office/s";
const pictures = process.env.SCREENSHOTS === "all";

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
  "data-user": ["/office/clients"],
  supervisor: ["/screen"],
  admin: [
    "/admin/packs",
    "/admin/orgs",
    "/admin/grants",
    "/admin/evidence",
    "/admin/health",
    "/admin/jobs",
    "/admin/clients",
    `${office}/public-data/natural-persons`,
    `${office}/coordination/law-duties`,
    `${office}/coordination/new-duty`,
    `${office}/coordination/duty-board`,
    "/office/t/county-boundary/new",
    "/office/t/county-boundary/130102",
  ],
};

const desktop = { width: 1440, height: 900 };
const phone = { width: 390, height: 844 };

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

for (const [account, paths] of Object.entries(pages)) {
  const name = account || "visitor";
  test(`${name}: at a desk, in the elders' mode, on a phone`, { skip }, async () => {
    const { context, page, faults } = await city.actor(browser, account, { viewport: desktop });
    const wrong = await each(paths, async (path) => {
      await page.setViewportSize(desktop);
      await visit(page, path, picture(name, "desk", path));
      await elders(page, "true");
      await looks(page, picture(name, "elder", path));
      await elders(page, "false");
      await page.setViewportSize(phone);
      await looks(page, picture(name, "phone", path));
      const wide = await page.evaluate(() => document.documentElement.scrollWidth);
      assert.ok(wide <= phone.width, `${wide} px wide on a phone of ${phone.width} px`);
    });
    await context.close();
    assert.deepEqual([...wrong, ...faults], []);
  });
}

/** Turns the elders' mode on or off, by its switch where the page has one. */
async function elders(page, on) {
  const button = page.getByRole("button", { name: "长辈模式" });
  if ((await button.count()) > 0) await button.click();
  else {
    await page.evaluate((value) => localStorage.setItem("chengshu.preferences", `{"elder":${value}}`), on);
    await page.reload();
  }
  await page.locator(`html[data-elder=${on}]`).waitFor();
}

async function looks(page, picture) {
  await settled(page);
  if (picture) await shot(page, picture);
  await axe(page);
}

/** Looks at every page even when one is wrong, and returns what was wrong, by page. */
async function each(paths, look) {
  const wrong = [];
  for (const path of paths) await look(path.replace(":case", item)).catch((error) => wrong.push(`${path}: ${error.message}`));
  return wrong;
}

/** With SCREENSHOTS=all, the name of the page's picture. */
function picture(name, mode, path) {
  return pictures ? `${mode}-${name}${path.replace(item, "case").replace(/\?.*/, "").replaceAll("/", "-")}` : undefined;
}
