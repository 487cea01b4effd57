// The harness itself, against pages that need no program: that it passes good pages, fails bad ones, and can draw maps.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { after, before, test } from "node:test";
import { axe } from "./harness/axe.mjs";
import { actor, launch, withoutChromium } from "./harness/chrome.mjs";
import { shot } from "./harness/shot.mjs";

const pages = {
  "/": `<!doctype html><html lang="zh-CN"><title>城枢</title><h1>城枢</h1><p>一网统管</p></html>`,
  "/poor": `<!doctype html><html><title>x</title><img src="data:,"><p style="color:#bbb;background:#fff">浅灰</p></html>`,
  "/broken": `<!doctype html><html lang="zh-CN"><title>x</title><script>throw new Error("boom")</script></html>`,
};

const skip = withoutChromium();
let browser, server, baseURL;

before(async () => {
  if (skip) return;
  server = createServer((request, response) => {
    const body = pages[request.url];
    response.writeHead(body ? 200 : 404, {
      "content-type": "text/html; charset=utf-8",
      "content-security-policy": "default-src 'self' 'unsafe-inline' data:",
    });
    response.end(body);
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  baseURL = `http://127.0.0.1:${server.address().port}`;
  browser = await launch();
});

after(async () => {
  await browser?.close();
  server?.close();
});

test("a good page passes axe", { skip }, async () => {
  const { page } = await actor(browser, { baseURL });
  await page.goto("/");
  await axe(page);
});

test("a poor page fails axe, and each element is named", { skip }, async () => {
  const { page } = await actor(browser, { baseURL });
  await page.goto("/poor");
  await assert.rejects(axe(page), (error) => {
    for (const part of ["image-alt", "html-has-lang", "color-contrast", "at p:"]) assert.ok(error.message.includes(part), `${part} not in:\n${error.message}`);
    return true;
  });
});

test("an uncaught error is collected", { skip }, async () => {
  const { page, faults } = await actor(browser, { baseURL });
  await page.goto("/broken");
  assert.ok(faults.some((fault) => fault.includes("boom")), `faults: ${faults}`);
});

test("actors share no cookies", { skip }, async () => {
  const [one, two] = [await actor(browser, { baseURL }), await actor(browser, { baseURL })];
  await one.context.addCookies([{ name: "who", value: "one", url: baseURL }]);
  assert.equal((await one.context.cookies()).length, 1);
  assert.equal((await two.context.cookies()).length, 0);
});

test("the browser speaks the city's language and time", { skip }, async () => {
  const { page } = await actor(browser, { baseURL });
  await page.goto("/");
  const seen = await page.evaluate(() => [navigator.language, new Date(0).getHours()]);
  assert.deepEqual(seen, ["zh-CN", 8]);
});

test("WebGL draws, as maps need", { skip }, async () => {
  const { page } = await actor(browser, { baseURL });
  await page.goto("/");
  const pixel = await page.evaluate(() => {
    const gl = document.createElement("canvas").getContext("webgl2");
    if (!gl) return "no webgl2 context";
    gl.clearColor(0, 1, 0, 1);
    gl.clear(gl.COLOR_BUFFER_BIT);
    const bytes = new Uint8Array(4);
    gl.readPixels(0, 0, 1, 1, gl.RGBA, gl.UNSIGNED_BYTE, bytes);
    return bytes.join();
  });
  assert.equal(pixel, "0,255,0,255");
});

test("Chinese text is drawn, not boxes", { skip }, async () => {
  const { page } = await actor(browser, { baseURL });
  await page.goto("/");
  // Characters without a glyph are all drawn as the same box.
  const same = await page.evaluate(() => {
    const draw = (text) => {
      const canvas = Object.assign(document.createElement("canvas"), { width: 64, height: 64 });
      const pen = canvas.getContext("2d");
      pen.font = "48px sans-serif";
      pen.fillText(text, 4, 52);
      return canvas.toDataURL();
    };
    return draw("城") === draw("枢");
  });
  assert.equal(same, false, "no Chinese font: install fonts-noto-cjk");
});

test("a screenshot is a PNG of the viewport's size", { skip }, async () => {
  const { page } = await actor(browser, { baseURL });
  await page.goto("/");
  const bytes = await readFile(await shot(page, "smoke"));
  assert.equal(bytes.toString("latin1", 1, 4), "PNG");
  assert.deepEqual([bytes.readUInt32BE(16), bytes.readUInt32BE(20)], [1440, 900]);
});
