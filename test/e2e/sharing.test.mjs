// Data of one department are used by another: asked for field by field, granted after two reviews, looked up; a wrong value
// is objected to and corrected at the source, and whoever used it is told.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { axe } from "./harness/axe.mjs";
import { launch, withoutChromium } from "./harness/chrome.mjs";
import { start, withoutProgram } from "./harness/city.mjs";
import { act, choose, settled, visit } from "./harness/pages.mjs";
import { shot } from "./harness/shot.mjs";

const skip = withoutProgram() || withoutChromium();
const grants = "/office/s/data-sharing/data-grants";
let browser, city, firm, request;

before(async () => {
  if (skip) return;
  [city, browser] = await Promise.all([start(), launch()]);
  const { context } = await city.actor(browser, "admin");
  const list = await (await context.request.get("/api/records/legal-entity?category=enterprise&limit=1")).json();
  firm = list.items[0].fields;
  await context.close();
});

after(async () => {
  await browser?.close();
  await city?.stop();
});

/** A step of the story; when one has failed, those after it say so instead of waiting for what cannot come. */
let broken = "";
function step(name, body) {
  test(name, { skip }, async () => {
    assert.equal(broken, "", "an earlier step failed");
    broken = name;
    await body();
    broken = "";
  });
}

/** A month from the city's today. */
async function nextMonth(context) {
  const { now } = await (await context.request.get("/api/session")).json();
  return new Date(Date.parse(now) + 30 * 86_400_000).toISOString().slice(0, 10);
}

const box = (page, list, field) => page.getByRole("group", { name: list }).last().getByRole("checkbox", { name: field, exact: true });

step("who has no grant is led to the catalogue, and from a resource to the form that asks for it", async () => {
  const { page, faults } = await city.actor(browser, "data-user");
  await visit(page, grants, "grants-none");
  await page.getByText("还没有共享授权").waitFor();
  await page.getByRole("link", { name: "打开数据目录" }).click();
  await page.getByRole("heading", { level: 1, name: "数据资源目录" }).waitFor();
  await page.goto("/office/catalogue/natural-person");
  await page.getByRole("main").getByRole("link", { name: "申请共享" }).click();
  await page.getByText("自然人 · 公安局 · 有条件共享").waitFor();
  await box(page, "所需字段", "公民身份号码").waitFor();
  assert.equal(await page.getByText("敏感个人信息").count() > 0, true);
  assert.deepEqual(faults, []);
});

step("an officer asks for fields of a resource; personal ones are masked unless asked for in clear", async () => {
  const { page, context, faults } = await city.actor(browser, "data-user");
  await visit(page, "/office/s/data-sharing/ask-for-data");
  await page.getByText("请先选择数据资源。").first().waitFor();
  await choose(page, /数据资源/, "法人和非法人组织");
  for (const field of ["统一社会信用代码", "名称", "住所", "登记状态", "法定代表人", "从业人数"]) await box(page, "所需字段", field).check();
  await page.getByText("已选 6 个字段，共 13 个").waitFor();
  await box(page, "须明文提供的个人信息字段", "法定代表人").check();
  await settled(page);
  await shot(page, "ask-for-data");
  await axe(page);
  assert.equal(await page.getByRole("group", { name: "须明文提供的个人信息字段" }).last().getByRole("checkbox").count(), 1);

  // What is no longer asked for is not asked for in clear either; another resource has other fields.
  await box(page, "所需字段", "法定代表人").uncheck();
  await page.getByText("所选字段中没有个人信息。").waitFor();
  await box(page, "所需字段", "法定代表人").check();
  assert.equal(await box(page, "须明文提供的个人信息字段", "法定代表人").isChecked(), false);
  await choose(page, /数据资源/, "行政区划");
  await page.getByText(/已选 0 个字段/).first().waitFor();
  await choose(page, /数据资源/, "法人和非法人组织");
  for (const field of ["统一社会信用代码", "名称", "住所", "登记状态", "法定代表人"]) await box(page, "所需字段", field).check();

  await page.getByLabel(/使用目的/).fill("社会保险参保核验");
  await page.getByLabel(/使用依据/).fill("《社会保险法》第五十七条");
  await page.getByLabel(/数据范围/).fill("row.category == 'enterprise'");
  await page.getByLabel(/使用期限至/).fill(await nextMonth(context));
  await page.getByLabel(/累计条数上限/).fill("500");
  await page.locator("form").getByRole("button", { name: "申请共享", exact: true }).click();
  await page.getByRole("link", { name: "查看进度" }).click();
  await page.locator(".cs-case-head").getByText("提供单位审核").waitFor();
  request = new URL(page.url()).pathname;
  assert.deepEqual(faults, []);
});

step("the owner and the data bureau review it", async () => {
  for (const [account, action, then] of [
    ["market-steward", "同意共享", "数据局审核"],
    ["admin", "授权", "已授权"],
  ]) {
    const { page, faults } = await city.actor(browser, account);
    await page.goto(request);
    await settled(page);
    await act(page, action);
    await page.locator(".cs-case-head").getByText(then).waitFor();
    assert.deepEqual(faults, []);
  }
});

step("the officer is told, opens the grant and looks a row up", async () => {
  const { page, faults } = await city.actor(browser, "data-user");
  await page.goto("/office/notices");
  await page.getByText(/已授权，可以使用数据了/).waitFor();
  await visit(page, grants, "grants");
  const card = page.getByRole("listitem").filter({ hasText: "社会保险参保核验" });
  await card.getByText("有效", { exact: true }).waitFor();
  await card.getByText("法定代表人脱敏").waitFor();
  await card.getByText("已用 0 条，共 500 条").waitFor();
  await card.getByRole("link", { name: "法人和非法人组织" }).click();

  await page.getByRole("textbox", { name: "统一社会信用代码" }).fill(`${firm.credit_code}\nnone`);
  await page.getByRole("button", { name: "查询" }).click();
  await page.getByText("查询 2 个，找到 1 条。").waitFor();
  const result = page.getByRole("table", { name: "查询结果" });
  await result.getByRole("row", { name: firm.credit_code }).getByText(firm.name).waitFor();
  await result.getByRole("row", { name: firm.credit_code }).getByText(/\*.*脱敏/).waitFor();
  await result.getByRole("row", { name: "none" }).getByText("授权范围内没有这一行").waitFor();
  await page.getByText("已用 1 条，共 500 条").waitFor();
  await page.getByRole("table", { name: "每天的使用" }).getByRole("row").nth(1).waitFor();
  await settled(page);
  await shot(page, "grant");
  await axe(page);
  assert.deepEqual(faults, []);
});
