// The program starts, and its first page is sound for someone who is not signed in.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { axe } from "./harness/axe.mjs";
import { launch, withoutChromium } from "./harness/chrome.mjs";
import { start, withoutProgram } from "./harness/city.mjs";
import { shot } from "./harness/shot.mjs";

const skip = withoutProgram() || withoutChromium();
let browser, city;

before(async () => {
  if (skip) return;
  city = await start();
  browser = await launch();
});

after(async () => {
  await browser?.close();
  await city?.stop();
});

test("the first page shows, without faults, and passes axe", { skip }, async () => {
  const { page, faults } = await city.actor(browser);
  await page.goto("/");
  await page.getByRole("heading").first().waitFor();
  await shot(page, "first-page");
  await axe(page);
  assert.deepEqual(faults, []);
});

test("each demo account can sign in", { skip }, async () => {
  const accounts = await city.accounts();
  assert.ok(accounts.length > 0, "the demo city offers no accounts");
  for (const { account } of accounts) {
    const { context } = await city.actor(browser, account);
    const session = await (await context.request.get("/api/session")).json();
    assert.equal(session.account, account);
    await context.close();
  }
});
