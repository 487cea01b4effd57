// Data of one department are used by another: asked for field by field, granted after two reviews, looked up; a wrong value
// is objected to and corrected at the source, and whoever used it is told.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { axe } from "./harness/axe.mjs";
import { launch, withoutChromium } from "./harness/chrome.mjs";
import { root, start, withoutProgram } from "./harness/city.mjs";
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

step("the other ways to use a grant: conditions, figures, a file, a program", async () => {
  const { page, faults } = await city.actor(browser, "data-user", { acceptDownloads: true });
  await page.goto(grants);
  await page.locator(".cs-grant").filter({ hasText: "社会保险参保核验" }).getByRole("link").click();
  await settled(page);
  const way = (name) => page.locator(".cs-ways").getByText(name, { exact: true }).click();

  await way("条件查询");
  await choose(page, /登记状态/, "吊销");
  await page.keyboard.press("Escape");
  await page.getByRole("button", { name: "查询" }).click();
  const rows = page.getByRole("table", { name: "查询结果" });
  await rows.getByRole("row").nth(1).waitFor();
  const states = await rows.getByRole("cell").filter({ hasText: /^(存续|停业|吊销)$/ }).allTextContents();
  assert.deepEqual([...new Set(states)], ["吊销"]);
  await axe(page);

  await way("统计");
  await page.locator(".cs-ask").getByRole("button", { name: "统计" }).click();
  const figures = page.getByRole("table", { name: "统计结果" });
  await figures.getByRole("row", { name: /吊销/ }).waitFor();
  await settled(page);
  await axe(page);
  await shot(page, "grant-figures");

  await way("下载");
  const [file] = await Promise.all([page.waitForEvent("download"), page.getByRole("link", { name: /^CSV/ }).click()]);
  const [head] = (await readFile(await file.path(), "utf8")).split("\n");
  assert.equal(head, "\ufeffcredit_code,name,address,representative_name,status");
  await axe(page);

  await way("接口");
  const code = await page.getByRole("group", { name: "按键查询" }).textContent();
  assert.ok(code.includes(`${city.url}/api/grants/`) && code.includes('"keys"'), code);
  await axe(page);
  assert.deepEqual(faults, []);
});

const corrected = "更正后的地址";

step("a citizen objects to a value, its steward corrects it, and whoever used it is told", async () => {
  const { page: citizen, faults } = await city.actor(browser, "citizen");
  await citizen.goto("/public/catalogue/legal-entity");
  await citizen.getByRole("main").getByRole("link", { name: "提出异议" }).click();
  await citizen.getByText("法人和非法人组织 · 市场监督管理局 · 无条件共享").waitFor();
  await citizen.getByLabel(/哪一条/).fill(firm.credit_code);
  await choose(citizen, /有误的字段/, "住所");
  await citizen.getByLabel(/应为/).fill(corrected);
  await citizen.getByLabel(/理由/).fill("已迁址");
  await settled(citizen);
  await axe(citizen);
  await citizen.locator("form").getByRole("button", { name: "提出异议", exact: true }).click();
  await citizen.getByRole("link", { name: "查看进度" }).click();
  await citizen.locator(".cs-case-head").getByText("核查中").waitFor();
  const objection = new URL(citizen.url()).pathname.split("/").at(-1);

  const { page: steward, faults: stewardFaults } = await city.actor(browser, "market-steward");
  await steward.goto(`/office/t/data-objection/${objection}`);
  await settled(steward);
  await act(steward, "属实，更正", async (dialog) => {
    await dialog.getByLabel(/核定为/).fill(corrected);
    await dialog.getByLabel(/核查结论/).fill("核查属实");
  });
  await steward.locator(".cs-case-head").getByText("已更正").waitFor();

  const { page: officer, faults: officerFaults } = await city.actor(browser, "data-user");
  await officer.goto("/office/notices");
  await officer.getByText(/中“住所”有一处更正/).waitFor();
  await officer.goto(grants);
  await officer.locator(".cs-grant").filter({ hasText: "社会保险参保核验" }).getByRole("link").click();
  await officer.getByRole("textbox", { name: "统一社会信用代码" }).fill(firm.credit_code);
  await officer.getByRole("button", { name: "查询" }).click();
  await officer.getByRole("table", { name: "查询结果" }).getByText(corrected).waitFor();
  assert.deepEqual([...faults, ...stewardFaults, ...officerFaults], []);
});

step("the owner sees who uses a resource, and how much", async () => {
  const { page, faults } = await city.actor(browser, "market-steward");
  await visit(page, `${grants}?view=resource&of=legal-entity`, "grants-of");
  await page.getByText("石家庄市人力资源和社会保障局").waitFor();
  await page.locator(".cs-grant").getByRole("link").first().click();
  await page.getByText("只有持有单位的用数人员可以使用这项授权的数据。").waitFor();
  await page.goto("/office/catalogue/legal-entity");
  await page.getByRole("region", { name: "共享授权及其使用" }).getByText("社会保险参保核验").waitFor();
  assert.deepEqual(faults, []);
});

step("the catalogue is searched by fields too, and narrowed; both stand in the address", async () => {
  const { page, faults } = await city.actor(browser, "data-user");
  await visit(page, "/office/catalogue", "catalogue");
  const cards = page.locator(".cs-resource");
  await page.getByRole("searchbox").fill("法定代表人");
  await page.waitForURL(/q=/);
  await page.locator(".cs-resource").filter({ hasText: "法人和非法人组织" }).waitFor();
  await page.locator(".cs-resource").filter({ hasText: "行政区划" }).waitFor({ state: "detached" });
  await page.goto("/office/catalogue?sharing=conditional");
  await settled(page);
  const owner = page.getByRole("group", { name: "归属单位" }).locator("label").filter({ hasText: "公安局" });
  const count = Number(await owner.locator(".cs-facet-count").textContent());
  await owner.getByRole("checkbox").check();
  await page.waitForURL(/owner=/);
  await settled(page);
  assert.equal(await cards.count(), count);
  for (const card of await cards.all()) assert.match(await card.textContent(), /公安局/);
  await page.goto("/office/catalogue?q=绝无此词");
  await page.getByText("没有符合的资源").waitFor();
  await axe(page);
  await page.getByRole("button", { name: "清除条件" }).click();
  await cards.nth(3).waitFor();
  assert.deepEqual(faults, []);
});

const messy = join(root, "packs/public-data/data/air-hours.csv");
const mended = join(root, "packs/public-data/data/air-hours-2.csv");

/** Sends a file and releases it, over the API. */
async function release(path) {
  const [steward, bureau] = await Promise.all(["steward", "admin"].map(async (account) => (await city.actor(browser, account)).context));
  const name = path.split("/").at(-1);
  const file = await (await steward.request.post("/api/files", { data: await readFile(path), headers: { "X-Filename": name, "Content-Type": "text/csv" } })).json();
  const sent = await steward.request.post("/api/cases/data-load", { data: { action: "send", fields: { dataset: "air-hour", file } } });
  const url = `/api/cases/data-load/${(await sent.json()).id}`;
  for (const [who, action] of [
    [steward, "submit"],
    [bureau, "release"],
  ]) {
    const page = await who.newPage();
    await page.goto(`/office/t/data-load/${url.split("/").at(-1)}`);
    const title = { submit: "提请发布", release: "发布" }[action];
    // A file without a failing row is ready at once.
    await page.locator(".cs-case-head").getByText(/有不合格行|待发布|待审核|可发布|已检查/).waitFor();
    const item = await (await who.request.get(url)).json();
    if (item.case.actions.some(({ name: one }) => one === action)) await act(page, title);
    await page.close();
  }
}

step("what changed between two releases is shown, row by row; an earlier one can be asked for again, and taken along", async () => {
  await release(messy);
  await release(mended);
  const { page, faults } = await city.actor(browser, "steward", { acceptDownloads: true });
  await visit(page, "/office/catalogue/air-hour", "dataset-two");
  const compare = page.getByRole("region", { name: "比较两个版本" });
  for (const words of ["新增 1 行", "改动 1 行", "删除 1 行"]) await compare.getByText(words).waitFor();
  const changes = compare.getByRole("table", { name: "变化明细" });
  assert.match(await changes.getByRole("row", { name: /改动/ }).textContent(), /空气质量指数 ?62 → 64/);
  assert.match(await changes.getByRole("row", { name: /删除/ }).textContent(), /示例站二/);
  const history = page.getByRole("table", { name: "历次版本的质量" });
  assert.match(await history.getByRole("row", { name: /第 1 版/ }).textContent(), /62.5%/);

  await page.getByRole("button", { name: "看表格" }).click();
  const flow = page.getByRole("table", { name: "每一列从哪里来，到哪里去" });
  assert.equal(await flow.getByRole("row").count(), 7);
  await axe(page);

  const [file] = await Promise.all([page.waitForEvent("download"), page.getByRole("link", { name: /^CSV/ }).click()]);
  const [head, first] = (await readFile(await file.path(), "utf8")).split("\n");
  assert.equal(head, "\ufeffstation,name,at,aqi,pm25,grade");
  assert.match(first, /^1101A,/);

  await page.goto("/office/catalogue/air-hour?release=1");
  await page.getByRole("link", { name: "申请恢复" }).click();
  await page.getByText("空气质量小时值").first().waitFor();
  assert.equal(await page.getByLabel(/恢复到第几版/).inputValue(), "1");
  assert.deepEqual(faults, []);
});

step("a comparison under way is waited for", async () => {
  const { page } = await city.actor(browser, "steward");
  let asked = 0;
  await page.route("**/api/datasets/air-hour/diff?*", async (route) => {
    if (++asked > 2) return route.continue();
    await route.fulfill({ status: 503, headers: { "Retry-After": "1" }, json: { code: "being-compared", status: 503 } });
  });
  await page.goto("/office/catalogue/air-hour");
  await page.getByText("正在逐行比较两个版本").waitFor();
  await axe(page);
  await page.getByText("新增 1 行").waitFor();
  assert.equal(asked, 3);
});

step("anyone finds open data, looks at them and takes them along", async () => {
  const { page, faults } = await city.actor(browser, undefined, { acceptDownloads: true });
  await visit(page, "/public/s/public-data/open-data", "open-data");
  await page.getByRole("searchbox").fill("空气质量");
  await page.locator(".cs-resource").getByRole("link", { name: "空气质量小时值", exact: true }).click();
  await page.getByRole("img", { name: "空气质量指数" }).waitFor();
  await settled(page);
  await shot(page, "open-data-air");
  await axe(page);
  const [file] = await Promise.all([page.waitForEvent("download"), page.getByRole("link", { name: "JSON", exact: true }).click()]);
  assert.match(await readFile(await file.path(), "utf8"), /^\s*\[\s*\{/);
  assert.ok((await page.getByRole("group", { name: "curl" }).textContent()).includes(`${city.url}/api/datasets/air-hour/`));
  assert.equal(await page.getByText("自然人").count(), 0);
  assert.deepEqual(faults, []);
});

/** Presses Tab until the element has the focus, as one without a mouse must. */
async function tabTo(page, locator) {
  for (let stop = 0; stop < 120; stop++) {
    if (await locator.evaluate((element) => element === document.activeElement)) return;
    await page.keyboard.press("Tab");
  }
  throw new Error(`no ${locator} within 120 presses of Tab`);
}

step("data are taken and a row looked up with the keyboard alone", async () => {
  const { page, context, faults } = await city.actor(browser, "data-user");
  await page.goto("/office/catalogue/legal-entity");
  const claim = page.getByRole("main").getByRole("link", { name: "领取无条件共享数据" });
  await claim.waitFor();
  await tabTo(page, claim);
  await page.keyboard.press("Enter");
  for (const field of ["统一社会信用代码", "名称"]) {
    const one = box(page, "所需字段", field);
    await one.waitFor();
    await tabTo(page, one);
    await page.keyboard.press("Space");
  }
  for (const [label, words] of [
    [/使用目的/, "键盘领取"],
    [/使用依据/, "《社会保险法》"],
  ]) {
    await tabTo(page, page.getByLabel(label));
    await page.keyboard.type(words);
  }
  const until = (await nextMonth(context)).split("-");
  await tabTo(page, page.getByLabel(/使用期限至/));
  await page.keyboard.type(`${until[1]}${until[2]}${until[0]}`);
  await tabTo(page, page.locator("form").getByRole("button", { name: "领取无条件共享数据" }));
  await page.keyboard.press("Enter");
  await page.getByRole("link", { name: "查看进度" }).waitFor();

  await page.goto(grants);
  const link = page.locator(".cs-grant").filter({ hasText: "键盘领取" }).getByRole("link");
  await link.waitFor();
  await tabTo(page, link);
  await page.keyboard.press("Enter");
  const key = page.getByRole("textbox", { name: "统一社会信用代码" });
  await key.waitFor();
  await tabTo(page, key);
  await page.keyboard.type(firm.credit_code);
  await tabTo(page, page.getByRole("button", { name: "查询" }));
  await page.keyboard.press("Enter");
  await page.getByText("查询 1 个，找到 1 条。").waitFor();
  assert.deepEqual(faults, []);
});

step("each page in English, in the elders' mode and on a phone", async () => {
  const { context } = await city.actor(browser, "data-user");
  const [{ id }] = (await (await context.request.get("/api/grants")).json()).items;
  for (const [account, paths] of [
    ["data-user", [grants, `/office/grant/${id}`, `/office/grant/${id}?way=query`, `/office/grant/${id}?way=api`, "/office/catalogue", "/office/t/data-request/new?resource=legal-entity&action=apply"]],
    ["steward", ["/office/catalogue/air-hour"]],
    [undefined, ["/public/s/public-data/open-data", "/public/open/air-hour", "/public/open/division"]],
  ]) {
    const { page, faults } = await city.actor(browser, account);
    await page.goto("/");
    await page.evaluate(() => localStorage.setItem("chengshu.preferences", '{"elder":true,"lang":"en"}'));
    for (const path of paths) {
      const name = `elder${path.replace(id, "one").replaceAll(/[/?=&]/g, "-")}`;
      await page.setViewportSize({ width: 1440, height: 900 });
      await visit(page, path, name);
      await page.setViewportSize({ width: 390, height: 844 });
      await settled(page);
      await axe(page);
      assert.ok((await page.evaluate(() => document.documentElement.scrollWidth)) <= 390, `${path}: something sticks out on a phone`);
    }
    assert.deepEqual(faults, []);
  }
});
