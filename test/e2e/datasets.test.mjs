// A file becomes a release: the steward sends it, sees which rows were not taken, the data bureau releases the others, and anyone reads them.
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
const messy = join(root, "packs/public-data/data/air-hours.csv"); // 8 rows, of which 3 are good
const page = "/public/catalogue/air-hour";

let browser, city, load;

before(async () => {
  if (skip) return;
  [city, browser] = await Promise.all([start(), launch()]);
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

step("a dataset without a release says what to do", async () => {
  const { page: steward, faults } = await city.actor(browser, "steward");
  await visit(steward, "/office/catalogue/air-hour", "dataset-empty");
  await steward.getByText("还没有发布过版本").waitFor();
  await steward.getByRole("main").getByRole("link", { name: "上传数据" }).waitFor();
  assert.deepEqual(faults, []);
});

step("a file is sent, its failing rows are told of, and can be kept as a file", async () => {
  const { page: steward, faults } = await city.actor(browser, "steward", { acceptDownloads: true });
  await steward.goto("/office/s/public-data/send-data");
  await settled(steward);
  await choose(steward, /数据集/, "空气质量小时值");
  await steward.locator("input[type=file]").setInputFiles(messy);
  await steward.getByText("air-hours.csv 已上传").waitFor({ state: "attached" });
  await steward.locator("form").getByRole("button", { name: "上传数据", exact: true }).click();
  await steward.getByRole("link", { name: "查看进度" }).click();
  await steward.locator(".cs-case-head").getByText("有不合格行，待处理").waitFor();
  load = new URL(steward.url()).pathname.split("/").at(-1);

  await settled(steward);
  await steward.getByRole("link", { name: "8 行中有 5 行未采用，查看原因" }).click();
  const failures = steward.getByRole("region", { name: "未采用的行" });
  await failures.getByText("空气质量指数：不是整数").waitFor();
  await shot(steward, "load");
  await axe(steward);
  assert.equal(await failures.getByRole("row").count(), 6);
  const [file] = await Promise.all([steward.waitForEvent("download"), failures.getByRole("button", { name: /下载已列出的 5 行/ }).click()]);
  assert.match(file.suggestedFilename(), /^HJ\d+-failures\.csv$/);
  const lines = (await readFile(await file.path(), "utf8")).split("\r\n");
  assert.equal(lines.length, 7);
  assert.match(lines[5], /^"8",.*,"'-5",/);

  await act(steward, "提请发布");
  assert.deepEqual(faults, []);
});

step("work under way is shown with how far it is", async () => {
  const { page: steward } = await city.actor(browser, "steward");
  let jobs = [{ id: "1", state: "running", done: 4, total: 10, note: { zh: "逐行检查", en: "Judging every row" } }];
  await steward.route(`**/api/cases/data-load/${load}`, async (route) => {
    const response = await route.fetch();
    const item = await response.json();
    await route.fulfill({ response, json: { ...item, case: { ...item.case, jobs } } });
  });
  await steward.goto(`/office/t/data-load/${load}`);
  const bar = steward.getByRole("progressbar", { name: "正在进行" });
  await bar.waitFor();
  assert.equal(await bar.getAttribute("aria-valuetext"), "进行中 · 逐行检查 · 40%");
  await settled(steward);
  await axe(steward);
  await shot(steward, "load-work");
  jobs = [];
  await bar.waitFor({ state: "detached" }); // the page asks again by itself
});

step("the release is read by anyone: how good it is, where it comes from, its rows", async () => {
  const { page: steward } = await city.actor(browser, "steward");
  await steward.goto("/office/catalogue/air-hour");
  await steward.getByText("还没有发布过版本").waitFor();

  const { page: bureau, faults: bureauFaults } = await city.actor(browser, "admin");
  await bureau.goto(`/office/t/data-load/${load}`);
  await settled(bureau);
  await act(bureau, "发布");
  await bureau.getByRole("link", { name: /已发布为第 1 版/ }).click();
  await bureau.getByRole("heading", { level: 1, name: "空气质量小时值" }).waitFor();
  assert.equal(new URL(bureau.url()).search, "?release=1");
  assert.deepEqual(bureauFaults, []);

  // The steward's page was open all the while.
  await steward.getByRole("table", { name: "发布的版本" }).getByRole("link", { name: "第 1 版" }).waitFor();

  const { page: visitor, faults } = await city.actor(browser);
  await visit(visitor, page, "dataset");
  const quality = visitor.getByRole("region", { name: "第 1 版的质量" });
  await quality.getByText("文件共 8 行，3 行合格（37.5%），5 行未采用。").waitFor();
  await quality.getByText("空气质量等级 · 不在选项之内").waitFor();
  const lineage = visitor.getByRole("region", { name: "第 1 版的来源" });
  for (const words of ["air-hours.csv", /GB18030/, "没有采用的列：备注", "这是第一个版本。"]) await lineage.getByText(words).waitFor();
  const rows = visitor.getByRole("table", { name: "第 1 版的数据" });
  await rows.getByText("20.5 ug/m3").waitFor();
  assert.equal(await rows.getByRole("row").count(), 4);

  await visitor.goto("/public/catalogue?as=table");
  await visitor.getByRole("row", { name: /空气质量小时值.*数据集.*第 1 版/ }).waitFor();
  await settled(visitor);
  await axe(visitor);
  assert.deepEqual(faults, []);
});

const phone = { width: 390, height: 844 };
const narrow = (page) => page.evaluate(() => document.documentElement.scrollWidth <= innerWidth);

step("both pages on a phone, in the elders' mode and in English", async () => {
  for (const [account, path, name, words] of [
    [undefined, page, "dataset", "The file has 8 rows: 3 good (37.5%), 5 not taken."],
    ["steward", `/office/t/data-load/${load}`, "load", "AQI is no whole number"],
  ]) {
    const { page: reader, faults } = await city.actor(browser, account, { viewport: phone });
    await visit(reader, path, `${name}-phone`);
    assert.ok(await narrow(reader), `${path}: something sticks out`);
    await reader.evaluate(() => localStorage.setItem("chengshu.preferences", '{"elder":true,"lang":"en"}'));
    await visit(reader, path, `${name}-elder-phone`);
    assert.ok(await narrow(reader), `${path}: something sticks out in large type`);
    await reader.setViewportSize({ width: 1440, height: 900 });
    await visit(reader, path, `${name}-elder`);
    await reader.getByText(words).waitFor();
    assert.deepEqual(faults, []);
  }
});

step("what is pressed in the elders' mode is large enough", async () => {
  const { page: visitor } = await city.actor(browser);
  await visitor.goto(page);
  await visitor.evaluate(() => localStorage.setItem("chengshu.preferences", '{"elder":true}'));
  await visitor.reload();
  await settled(visitor);
  const { width, height } = await visitor.getByRole("button", { name: "复制指纹：第 1 版" }).boundingBox();
  assert.ok(width >= 48 && height >= 48, `the button is ${width} × ${height}`);
});
