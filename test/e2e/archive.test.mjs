// A scan becomes a record: the clerk sends it, the checker sees each value beside the page, and the record points at the page.
import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { axe } from "./harness/axe.mjs";
import { launch, withoutChromium } from "./harness/chrome.mjs";
import { root, start, withoutProgram } from "./harness/city.mjs";
import { settled, visit } from "./harness/pages.mjs";
import { shot } from "./harness/shot.mjs";

const skip = withoutProgram() || withoutChromium() || process.env.CHENGSHU_NO_SCANS;
const card = join(root, "packs/archive-digitisation/data/card-askew.jpg");

let browser, city;

before(async () => {
  if (skip) return;
  [city, browser] = await Promise.all([start(), launch()]);
});

after(async () => {
  await browser?.close();
  await city?.stop();
});

test("a scan is read, checked beside the page, and becomes a record that points at it", { skip }, async () => {
  const { page: clerk, faults } = await city.actor(browser, "archive-clerk");
  await visit(clerk, "/office/s/archive-digitisation/send-scans");
  await clerk.getByText("房屋所有权登记卡").click();
  await clerk.locator("input[type=file]").setInputFiles(card);
  await clerk.getByText("card-askew.jpg 已上传").waitFor({ state: "attached" });
  await clerk.locator("form").getByRole("button", { name: "上传扫描件", exact: true }).click();
  await clerk.getByRole("link", { name: "查看进度" }).click();
  await clerk.locator(".cs-case-head").getByText("待核对").waitFor();
  const path = new URL(clerk.url()).pathname;
  assert.deepEqual(faults, []);

  const { page: checker, faults: wrong } = await city.actor(browser, "archive-checker");
  await visit(checker, path);
  const part = checker.getByRole("region", { name: "页面与字段" });
  await part.getByRole("textbox", { name: "档号" }).waitFor();
  assert.equal(await part.getByRole("textbox", { name: "登记日期" }).inputValue(), "1998-06-15");
  const enter = part.getByRole("button", { name: "核对无误，入库" });
  assert.equal(await enter.isDisabled(), true);

  // The field shows its box, the box its field; the place of a value can be drawn.
  await part.getByRole("textbox", { name: "身份证号" }).focus();
  assert.equal(await part.getByRole("button", { name: "在页面上显示“身份证号”" }).getAttribute("aria-pressed"), "true");
  await part.getByRole("button", { name: "在页面上显示“档号”" }).click();
  assert.equal(await part.getByRole("textbox", { name: "档号" }).evaluate((input) => input === document.activeElement), true);
  const row = part.locator(".cs-check-row").filter({ hasText: "转移日期" });
  await row.getByRole("button", { name: "标出位置" }).click();
  const frame = await part.locator(".cs-scan-sheet").boundingBox();
  await checker.mouse.move(frame.x + frame.width * 0.1, frame.y + frame.height * 0.7);
  await checker.mouse.down();
  await checker.mouse.move(frame.x + frame.width * 0.4, frame.y + frame.height * 0.8);
  await checker.mouse.up();
  await row.getByText("位置：第 1 页").waitFor();
  await shot(checker, "archive-check");
  await axe(checker);

  for (let left = await part.getByRole("checkbox", { checked: false }).count(); left > 0; left--) {
    await part.getByRole("checkbox", { checked: false }).first().press("Space");
  }
  await part.getByText("各项均已核对").waitFor();
  await enter.click();
  await checker.locator(".cs-case-head").getByText("已入库").waitFor();

  await checker.goto("/office/s/archive-digitisation/house-cards");
  await settled(checker);
  await checker.getByRole("link", { name: /SJZ-1998-00427/ }).first().click();
  const points = checker.getByRole("region", { name: "页面与字段" });
  await points.getByRole("button", { name: /^身份证号/ }).click();
  assert.equal(await points.getByRole("button", { name: "在页面上显示“身份证号”" }).getAttribute("aria-pressed"), "true");
  await settled(checker);
  await shot(checker, "archive-record");
  await axe(checker);
  assert.deepEqual(wrong, []);
});
