// The story of the demo city, as its people live it: a manhole cover is missing, and every step until anyone can check
// the evidence. Each actor has a browser of their own.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { axe } from "./harness/axe.mjs";
import { launch, withoutChromium } from "./harness/chrome.mjs";
import { program, root, start, withoutProgram } from "./harness/city.mjs";
import { act, addPhoto, category, choose, dutyUnit, manhole, numberPattern, pickOnMap, settled, visit } from "./harness/pages.mjs";
import { shot } from "./harness/shot.mjs";

const skip = withoutProgram() || withoutChromium();
const data = join(root, "packs/city-governance/data");
const arrivalLimit = 1000; // ms from the citizen's success to the dispatcher's inbox

let browser, city, folder;
/** @type {Record<string, Awaited<ReturnType<typeof city.actor>>>} */
const people = {};
let number, item, reportedOn;

before(async () => {
  if (skip) return;
  [city, browser, folder] = await Promise.all([start(), launch(), mkdtemp(join(tmpdir(), "chengshu-story-"))]);
  for (const name of ["citizen", "dispatcher", "handler", "verifier", "auditor"]) people[name] = await city.actor(browser, name, { acceptDownloads: true });
  people.supervisor = await city.actor(browser, "supervisor", { viewport: { width: 1920, height: 1080 } });
});

after(async () => {
  await browser?.close();
  await city?.stop();
  if (folder) await rm(folder, { recursive: true, force: true });
});

/** A step of the story; when one has failed, those after it say so instead of waiting for what cannot come. */
let broken = "";
function step(name, body) {
  test(name, { skip }, async (t) => {
    assert.equal(broken, "", "an earlier step failed");
    broken = name;
    await body(t);
    broken = "";
  });
}

const today = () => new Intl.DateTimeFormat("en-CA", { timeZone: "Asia/Shanghai" }).format(new Date());
const office = () => `/office/t/incident/${item}`;
const head = (page) => page.locator(".cs-case-head");

/** Opens the case from the person's inbox, where it must stand. */
async function openFromInbox(page) {
  await page.goto("/office/inbox");
  await page.getByRole("link", { name: number }).click();
  await head(page).waitFor();
  await settled(page);
}

step("a citizen reports on the map, and the dispatcher's open inbox shows it within a second", async () => {
  const { page } = people.citizen;
  const inbox = people.dispatcher.page;
  await inbox.goto("/office/inbox");
  await settled(inbox);
  await inbox.locator(".cs-live-on").waitFor();
  await inbox.evaluate(() => {
    new MutationObserver((_, observer) => {
      const found = /SJ\d{13}/.exec(document.querySelector("main").textContent);
      if (!found) return;
      window.arrival = { at: Date.now(), number: found[0] };
      observer.disconnect();
    }).observe(document.body, { childList: true, subtree: true, characterData: true });
    window.loaded = "once"; // gone if the page were loaded again
  });

  await visit(page, "/", "home");
  await page.getByRole("link", { name: "随手报" }).first().click();
  await settled(page);
  await choose(page, /类别/, category);
  await page.locator(".cs-map-picking canvas").waitFor();
  await pickOnMap(page, manhole);
  await page.getByLabel(/情况描述/).fill("建北街道路口井盖不见了，行人和电动车有危险");
  await addPhoto(page.locator("fieldset").filter({ hasText: "照片" }), join(data, "manhole.jpg"));
  await page.getByLabel(/上报人/).fill("示例市民");
  await page.getByLabel(/联系电话/).fill("13900000001");
  await axe(page);
  await page.getByRole("button", { name: "全市" }).click();
  await page.evaluate(() => scrollTo(0, 0));
  await settled(page);
  await shot(page, "report");
  await page.evaluate(() => {
    new MutationObserver((_, observer) => {
      if (!document.querySelector(".cs-result-number")) return;
      window.success = Date.now();
      observer.disconnect();
    }).observe(document.body, { childList: true, subtree: true });
  });
  await page.locator("form").getByRole("button", { name: "上报", exact: true }).click();
  number = await page.locator(".cs-result-number").textContent();
  assert.match(number, numberPattern);
  reportedOn = today();
  await axe(page);

  await inbox.waitForFunction(() => window.arrival !== undefined, undefined, { timeout: 10_000 });
  const arrival = await inbox.evaluate(() => ({ ...window.arrival, loaded: window.loaded }));
  const took = arrival.at - (await page.evaluate(() => window.success));
  assert.equal(arrival.number, number);
  assert.equal(arrival.loaded, "once", "the inbox was loaded again");
  console.log(`from the citizen's success to the dispatcher's inbox: ${took} ms`);
  assert.ok(took < arrivalLimit, `the inbox showed it after ${took} ms, the limit is ${arrivalLimit} ms`);
  await settled(inbox);
  await shot(inbox, "inbox");
  await axe(inbox);

  await page.getByRole("link", { name: "查看进度" }).click();
  await head(page).getByText(number).waitFor();
  item = page.url().split("/").at(-1);
});

step("the dispatcher sends it on, and it goes to the duty unit of that street", async () => {
  const { page } = people.dispatcher;
  await openFromInbox(page);
  assert.ok(await page.getByText("139****0001").isVisible(), "the dispatcher sees the reporter's telephone masked");
  assert.equal(await page.getByRole("button", { name: "下载证据" }).count(), 0, "who may not take evidence is not offered it");
  await shot(page, "case");
  await axe(page);
  await act(page, "派遣", (dialog) => dialog.getByLabel(/说明/).fill("请尽快恢复"));
  await head(page).getByText("待接收").waitFor();
  await page.locator(".cs-facts").getByText(dutyUnit).first().waitFor();
});

step("the handler accepts it and resolves it with a photo", async () => {
  const { page } = people.handler;
  await openFromInbox(page);
  await act(page, "接收");
  await head(page).getByText("处置中").waitFor();
  await act(page, "处置完成", (dialog) => resolved(dialog, "已补装井盖"));
  await head(page).getByText("待核查").waitFor();
});

async function resolved(dialog, result) {
  await dialog.getByLabel(/处置结果/).fill(result);
  if ((await dialog.locator(".cs-chosen img").count()) === 0) await addPhoto(dialog, join(data, "mended.jpg"));
}

step("the verifier sends it back once: the clock runs again and the history says why", async () => {
  const { page } = people.verifier;
  await openFromInbox(page);
  const due = await head(page).getByRole("timer").getAttribute("datetime");
  await act(page, "核查不合格，退回", (dialog) => dialog.getByLabel(/说明/).fill("照片看不清井盖是否牢固，请重新核实"));
  await head(page).getByText("处置中").waitFor();
  const back = page.locator(".cs-step-back");
  await back.getByText("待核查 → 处置中").waitFor();
  await back.getByText("照片看不清井盖是否牢固，请重新核实").waitFor();
  const again = await head(page).getByRole("timer").getAttribute("datetime");
  assert.notEqual(again, due, "the deadline is that of handling, not that of verifying");
  await axe(page);
});

step("the handler resolves it again, and the verifier closes it", async () => {
  await openFromInbox(people.handler.page);
  await act(people.handler.page, "处置完成", (dialog) => resolved(dialog, "已加固井盖并复核"));
  await head(people.handler.page).getByText("待核查").waitFor();
  const { page } = people.verifier;
  await openFromInbox(page);
  await act(page, "核查通过，办结", (dialog) => dialog.getByLabel(/说明/).fill("现场核实无误"));
  await head(page).getByText("已办结").first().waitFor();
  assert.equal(await head(page).getByRole("timer").count(), 0, "the clock of a closed case stands");
});

step("the citizen, whose page is still open, rates it", async () => {
  const { page } = people.citizen;
  await head(page).getByText("已办结").first().waitFor();
  await act(page, "评价", async (dialog) => {
    await dialog.getByText("5", { exact: true }).click();
    await dialog.getByLabel(/评价意见/).fill("处理很快");
  });
  await page.locator(".cs-blocked").getByText("您已评价过").waitFor();
  const steps = page.locator(".cs-step-head strong");
  await page.waitForFunction(() => document.querySelectorAll(".cs-step-head strong").length >= 8);
  assert.deepEqual(await steps.allTextContents(), ["上报", "派遣", "接收", "处置完成", "核查不合格，退回", "处置完成", "核查通过，办结", "评价"]);
  await settled(page);
  await shot(page, "rated");
  await axe(page);
});

step("the citizen was told of it, and the bell no longer counts what they have seen", async () => {
  const { page } = people.citizen;
  await page.getByRole("link", { name: "通知，2 条未读" }).click();
  await page.getByRole("link", { name: new RegExp(`${number}.*已办结，请评价`) }).waitFor();
  await settled(page);
  await shot(page, "notices");
  await axe(page);
  await page.getByRole("button", { name: "全部标为已读" }).click();
  await page.getByRole("link", { name: "通知", exact: true }).waitFor();
  assert.equal(await page.locator('.cs-notice[data-unread="true"]').count(), 0);
});

step("the citizen sees who read their telephone number", async () => {
  const { page } = people.citizen;
  await visit(page, "/public/reads", "reads");
  await page.getByText("联系上报人处置问题").first().waitFor();
});

step("the supervisor sees it in the day's numbers on the command screen", async (t) => {
  const { page } = people.supervisor;
  await othersReport();
  await visit(page, "/screen");
  const figure = async (title) => (await page.locator(".cs-board-cell").filter({ hasText: title }).first().textContent()).replace(title, "");
  if (today() !== reportedOn) return t.skip("midnight has passed since the report");
  assert.match(await figure("今日上报"), new RegExp(`^${1 + others}件`));
  assert.match(await figure("今日办结"), /^1件/);
  assert.match(await figure("在办"), new RegExp(`^${others}件`));
  await page.getByRole("row").filter({ hasText: dutyUnit }).waitFor();
  await shot(page, "command", 1200);
});

const others = 18;

/** The hotline takes reports from all over the city, so that the screen has something to show. */
async function othersReport() {
  const { context } = await city.actor(browser, "operator");
  const get = async (path) => (await (await context.request.get(path)).json()).items;
  const places = (await get("/api/places")).filter(({ point }) => point);
  const kinds = await get("/api/records/event-category?limit=200");
  for (let n = 0; n < others; n++) {
    const fields = { category: kinds[(n * n) % 7].id, location: places[n % places.length].point, description: "热线转来的问题", source: "hotline" };
    const response = await context.request.post("/api/cases/incident", { data: { action: "register", fields } });
    assert.equal(response.status(), 201, await response.text());
  }
  await context.close();
}

step("the auditor's evidence is accepted offline, and refused when one byte or the key is another", async () => {
  const { page } = people.auditor;
  await visit(page, office());
  await page.waitForFunction(() => document.querySelectorAll(".cs-unsealed").length === 0 && document.querySelectorAll(".cs-sealed").length >= 8);
  const [download] = await Promise.all([page.waitForEvent("download"), page.getByRole("button", { name: "下载证据" }).click()]);
  const bundle = join(folder, "bundle.json");
  await download.saveAs(bundle);
  const [key] = (await (await page.request.get("/api/evidence")).json()).keys;
  const good = await verify(key, bundle);
  assert.equal(good.code, 0, good.text);

  const bytes = await readFile(bundle);
  const place = bytes.indexOf("incident.close") + 1; // within an act, not in the bundle's layout
  assert.ok(place > 0, "the bundle names the act of closing");
  bytes[place] ^= 1;
  const changed = join(folder, "changed.json");
  await writeFile(changed, bytes);
  assert.notEqual((await verify(key, changed)).code, 0, "one changed byte must be refused");

  const other = await start(); // another city, hence another key
  const [wrong] = (await (await fetch(`${other.url}/api/evidence`)).json()).keys;
  await other.stop();
  assert.notEqual(wrong, key);
  assert.notEqual((await verify(wrong, bundle)).code, 0, "another city's key must be refused");
});

/** Runs `chengshu verify` in an empty environment; it needs neither the server nor the network. */
function verify(key, file) {
  return new Promise((resolve) => {
    execFile(program, ["verify", "--key", key, file], { env: {} }, (error, stdout, stderr) => resolve({ code: error?.code ?? 0, text: stdout + stderr }));
  });
}

step("no page of the story had a fault", () => {
  for (const [name, { faults }] of Object.entries(people)) assert.deepEqual(faults, [], name);
});
