// Other ways through the same pages: without a mouse, in English, and the law article by article.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { axe } from "./harness/axe.mjs";
import { launch, withoutChromium } from "./harness/chrome.mjs";
import { start, withoutProgram } from "./harness/city.mjs";
import { category, choose, manhole, numberPattern, settled, visit } from "./harness/pages.mjs";
import { shot } from "./harness/shot.mjs";

const skip = withoutProgram() || withoutChromium();
const articles = 61; // of the Regulation
let browser, city;

before(async () => {
  if (skip) return;
  [city, browser] = await Promise.all([start(), launch()]);
});

after(async () => {
  await browser?.close();
  await city?.stop();
});

const mostStops = 80;

/** Presses Tab until the element has the focus, as one without a mouse must. */
async function tabTo(page, locator) {
  for (let stop = 0; stop < mostStops; stop++) {
    if (await locator.evaluate((element) => element === document.activeElement)) return;
    await page.keyboard.press("Tab");
  }
  throw new Error(`no ${locator} within ${mostStops} presses of Tab`);
}

test("a problem is reported with the keyboard alone", { skip }, async () => {
  const { page, faults } = await city.actor(browser);
  const key = (name) => page.keyboard.press(name);
  const type = (words) => page.keyboard.type(words);

  await page.goto("/login");
  await settled(page);
  await tabTo(page, page.getByRole("textbox", { name: "账号" }));
  await type("citizen");
  await tabTo(page, page.getByLabel("密码"));
  await type("citizen-demo");
  await key("Enter");
  const way = page.getByRole("main").getByRole("link", { name: /随手报/ });
  await way.waitFor();
  await tabTo(page, way);
  await key("Enter");

  const kind = page.getByRole("combobox", { name: /类别/ });
  await kind.waitFor();
  await settled(page);
  await tabTo(page, kind);
  await type(category);
  await page.locator(".ant-select-item-option-active").filter({ hasText: category }).waitFor();
  await key("Enter");

  await tabTo(page, page.getByRole("radio", { name: "地图选点" }));
  await key("ArrowRight");
  await key("ArrowRight");
  await tabTo(page, page.getByRole("textbox", { name: "经度" }));
  await type(String(manhole.lon));
  await tabTo(page, page.getByRole("textbox", { name: "纬度" }));
  await type(String(manhole.lat));
  await page.locator(".cs-place-chosen").getByText("位于长安区").waitFor();
  await tabTo(page, page.getByLabel(/情况描述/));
  await type("用键盘上报的井盖缺失");
  await axe(page);
  await tabTo(page, page.locator("form").getByRole("button", { name: "上报", exact: true }));
  await key("Enter");
  assert.match(await page.locator(".cs-result-number").textContent(), numberPattern);
  assert.deepEqual(faults, []);
});

test("a form that is not right leads to what is wrong", { skip }, async () => {
  const { page } = await city.actor(browser, "citizen");
  await page.goto("/public/s/city-governance/report");
  await settled(page);
  await page.locator("form").getByRole("button", { name: "上报", exact: true }).click();
  const summary = page.getByRole("alert").filter({ hasText: "有 3 处需要修改" });
  await summary.waitFor();
  assert.ok(await summary.evaluate((element) => element.contains(document.activeElement)), "the summary has the focus");
  await axe(page);
  await summary.getByRole("link", { name: "情况描述" }).click();
  assert.ok(await page.getByLabel(/情况描述/).evaluate((element) => element === document.activeElement), "the link leads to the field");
});

test("the pages speak English when asked, and remember it", { skip }, async () => {
  const reporter = await city.actor(browser, "citizen");
  const fields = { category: "P0101", location: manhole, description: "井盖缺失" };
  const reported = await reporter.context.request.post("/api/cases/incident", { data: { action: "report", fields } });
  const { id } = await reported.json();
  await visit(reporter.page, `/public/t/incident/${id}`);
  await reporter.page.locator(".cs-timeline").getByText("我（示例市民）").waitFor();
  await facts(reporter.page, { 类别: category, 大类: "公用设施", 处置时限: "2 小时", 紧急程度: "紧急" });

  const { page, faults } = await city.actor(browser, "dispatcher");
  await page.goto("/office/inbox");
  await settled(page);
  await page.getByRole("button", { name: "English" }).click();
  await page.getByRole("heading", { level: 1, name: "Inbox" }).waitFor();
  assert.equal(await page.locator("html").getAttribute("lang"), "en");
  await visit(page, "/office/s/city-governance/incidents", "english");
  await page.getByRole("heading", { level: 1, name: "City incidents" }).waitFor();
  await visit(page, `/office/t/incident/${id}`);
  await facts(page, { Category: "Missing manhole cover", Class: "Public utilities", "Time to handle": "2 hours", Urgency: "Urgent" });
  await page.locator(".cs-tasks").getByText("Chang'an District City Operations Sub-centre").waitFor();
  await page.goto("/office/s/city-governance/incidents");
  await page.getByRole("button", { name: "中文" }).click();
  await page.getByRole("heading", { level: 1, name: "城市事件" }).waitFor();
  assert.deepEqual(faults, []);
});

/** Checks what stands under titles among the facts of a record or case. */
async function facts(page, wanted) {
  for (const [title, value] of Object.entries(wanted)) {
    const row = page.locator(".cs-facts > div").filter({ has: page.getByText(title, { exact: true }) });
    assert.equal(await row.first().locator("dd").textContent(), value, title);
  }
}

test("an area is drawn on the map, with the mouse and with the keyboard", { skip }, async () => {
  const { page, faults } = await city.actor(browser, "admin");
  await visit(page, "/office/t/county-boundary/new");
  await page.getByLabel(/名称/).fill("试点范围");
  await choose(page, /区划/, "建北街道");
  const canvas = page.locator(".cs-map-picking canvas");
  await canvas.scrollIntoViewIfNeeded();
  const { x, y } = await canvas.boundingBox();
  const says = (words) => page.locator(".cs-place-chosen").getByText(words).waitFor();
  const press = (name) => page.getByRole("button", { name }).click();

  await page.mouse.click(x + 200, y + 100);
  await says("已有 1 个点，至少 3 个");
  await page.mouse.click(x + 300, y + 100);
  await says("已有 2 个点，至少 3 个");
  await tabTo(page, page.getByRole("button", { name: "在地图中心加点" }));
  await page.keyboard.press("Enter");
  await says("已有 3 个点，尚未闭合");
  await page.mouse.click(x + 250, y + 60);
  await says("边界自相交");
  await press("撤销上一点");
  await press("闭合");
  await says("范围已闭合，3 个点");
  await settled(page);
  await shot(page, "area");
  await axe(page);

  await page.getByRole("button", { name: "保存" }).click();
  await page.getByRole("heading", { level: 1, name: "试点范围" }).waitFor();
  await settled(page);
  await facts(page, { 名称: "试点范围", 区划: "建北街道", 范围: "4 个边界点" });
  assert.deepEqual(faults, []);
});

test("a person in office is found by name", { skip }, async () => {
  const { page, faults } = await city.actor(browser, "admin");
  await visit(page, "/office/t/expert/new");
  await choose(page, /账号/, "示例处置员");
  await page.locator(".ant-select").filter({ hasText: "示例处置员 · 建北街道综合行政执法队" }).waitFor();
  await axe(page);
  assert.deepEqual(faults, []);
});

test("the law's page lists all articles, each with what carries it out", { skip }, async () => {
  const { page, faults } = await city.actor(browser);
  await visit(page, "/public/s/coordination/law");
  assert.equal(await page.locator("article.cs-article").count(), articles);
  const governance = page.locator("#article-36");
  await governance.getByText("一网统管").first().waitFor();
  await page.getByRole("searchbox").fill("公共数据");
  await page.waitForFunction((all) => document.querySelectorAll("article.cs-article").length < all, articles);
  assert.ok((await page.locator("article.cs-article").count()) > 0, "the words are found");
  await page.getByRole("searchbox").fill("");
  await shot(page, "law");
  assert.deepEqual(faults, []);
});

/** What has the focus: its number among the stops so far, what it is called, and whether a ring is drawn around it. */
function focused() {
  const element = document.activeElement;
  if (element === null || element === document.body) return null;
  element.dataset.stop ??= String(document.querySelectorAll("[data-stop]").length);
  const ringed = (box) => getComputedStyle(box).outlineStyle !== "none" || getComputedStyle(box).boxShadow !== "none";
  // The ring of a field is drawn around the box that holds it.
  const box = element.closest(".ant-input-affix-wrapper, .ant-select, .ant-segmented-item, .ant-checkbox-wrapper") ?? element;
  return { stop: element.dataset.stop, seen: ringed(element) || ringed(box), name: `${element.tagName} ${element.className} ${element.textContent}` };
}

test("whoever goes by keyboard sees where they are", { skip }, async () => {
  const { page, faults } = await city.actor(browser, "dispatcher");
  for (const path of ["/", "/office/inbox"]) {
    await page.goto(path);
    await settled(page);
    const stops = new Set();
    const unseen = [];
    for (;;) {
      await page.keyboard.press("Tab");
      const at = await page.evaluate(focused);
      if (at === null || stops.has(at.stop) || stops.size > mostStops) break;
      stops.add(at.stop);
      if (!at.seen) unseen.push(at.name);
    }
    assert.ok(stops.size > 10, `${path} has only ${stops.size} stops`);
    assert.deepEqual(unseen, [], `no focus is seen on ${path}`);
  }
  assert.deepEqual(faults, []);
});
