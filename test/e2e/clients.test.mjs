// An officer enters an API client with the keyboard alone, and a program uses its key at once.
import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { after, before, test } from "node:test";
import { axe } from "./harness/axe.mjs";
import { launch, withoutChromium } from "./harness/chrome.mjs";
import { start, withoutProgram } from "./harness/city.mjs";
import { settled, visit } from "./harness/pages.mjs";
import { shot } from "./harness/shot.mjs";

const skip = withoutProgram() || withoutChromium();
let browser, city;

before(async () => {
  if (skip) return;
  [city, browser] = await Promise.all([start(), launch()]);
});

after(async () => {
  await browser?.close();
  await city?.stop();
});

test("an officer enters a client and revokes it", { skip }, async () => {
  const { context, page, faults } = await city.actor(browser, "data-user");
  await visit(page, "/office/clients");
  await page.getByRole("navigation").getByRole("link", { name: "接口调用方" }).waitFor();
  await page.getByLabel("系统名称").focus();
  await page.keyboard.type("社保业务系统");
  await page.keyboard.press("Enter");
  const key = await page.locator("pre", { hasText: /^csk_/ }).textContent();
  await settled(page);
  await axe(page);
  await shot(page, "client-key");
  const use = () => fetch(`${city.url}/api/grants`, { headers: { Authorization: `Bearer ${key}` } });
  assert.equal((await use()).status, 200);

  const close = page.getByRole("button", { name: "已存好，不再显示" });
  await close.focus();
  await page.keyboard.press("Enter");
  await close.waitFor({ state: "detached" });
  assert.equal(await page.getByText(key).count(), 0);

  await page.getByRole("radio", { name: "签名" }).focus();
  await page.keyboard.press("Space");
  await page.getByLabel("公钥（PEM）").waitFor();
  await axe(page);
  await page.getByLabel("系统名称").fill("签名的系统");
  await page.getByLabel("公钥（PEM）").fill("不是公钥");
  await page.getByRole("button", { name: "登记", exact: true }).press("Enter");
  await page.getByText("应为一个 PEM 公钥").waitFor();
  await axe(page);
  const { publicKey } = generateKeyPairSync("ed25519", { publicKeyEncoding: { type: "spki", format: "pem" } });
  await page.getByLabel("公钥（PEM）").fill(publicKey);
  await page.getByRole("button", { name: "登记", exact: true }).press("Enter");
  await page.getByText("已登记：签名的系统").waitFor();
  await page.getByRole("cell", { name: /ed25519/ }).waitFor();
  await settled(page);
  await axe(page);

  await page.getByRole("button", { name: "停用 社保业务系统" }).focus();
  await page.keyboard.press("Enter");
  await page.getByRole("dialog").getByRole("button", { name: "停用" }).waitFor();
  await settled(page);
  await axe(page);
  await page.getByRole("dialog").getByRole("button", { name: "停用" }).focus();
  await page.keyboard.press("Enter");
  await page.getByRole("cell", { name: "已停用" }).waitFor();
  assert.equal((await use()).status, 401);
  await context.close();
  const refused = /422 .*\/api\/clients/; // what is no public key
  assert.deepEqual(
    faults.filter((fault) => !refused.test(fault)),
    [],
  );
});
