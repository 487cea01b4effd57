// Starts the real program with the demo city, for one test file.
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { actor } from "./chrome.mjs";

export const root = join(import.meta.dirname, "../../..");
export const program = join(root, "bin/chengshu");
const startLimit = 60_000; // ms; the demo city is loaded at first start

/**
 * Why the program cannot be started, or false when it can. Where its source stands but it was not built, the test is
 * not skipped: starting then fails and says what to run.
 * @returns {string | false}
 */
export function withoutProgram() {
  return existsSync(join(root, "cmd/chengshu")) || existsSync(program) ? false : "cmd/chengshu does not exist yet";
}

/**
 * Runs `bin/chengshu serve` on a free port with a new data folder, and resolves when it is ready to serve.
 * @param {string[]} [extra] further arguments
 */
export async function start(extra = []) {
  if (!existsSync(program)) throw new Error(`${program} is missing: run "make build"`);
  const data = await mkdtemp(join(tmpdir(), "chengshu-e2e-"));
  const address = `127.0.0.1:${await freePort()}`;
  const child = spawn(program, ["serve", "--listen", address, "--data", data, "--demo", ...extra], {
    cwd: root,
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk) => (output = (output + chunk).slice(-20_000)));
  const ended = new Promise((resolve) => child.once("close", resolve));

  const url = `http://${address}`;
  const stop = async () => {
    child.kill("SIGTERM");
    await ended;
    await rm(data, { recursive: true, force: true });
  };
  try {
    await ready(url, child);
  } catch (error) {
    await stop();
    throw new Error(`bin/chengshu serve: ${error.message}; it said:\n${output}`);
  }
  return {
    url,
    stop,
    /** What the program has printed last, at most 20,000 characters. */
    output: () => output,
    /** Accounts of the demo city: `{account, password, title: {zh, en}}`. */
    accounts: async () => (await (await fetch(`${url}/api/session`)).json()).demo ?? [],
    /**
     * An actor in a browser context of their own, signed in when an account of the demo city is named.
     * @param {import("playwright-core").Browser} browser
     * @param {string} [account]
     * @param {import("playwright-core").BrowserContextOptions} [options]
     */
    async actor(browser, account, options = {}) {
      const opened = await actor(browser, { baseURL: url, ...options });
      if (account) await signIn(opened.context, url, account);
      return opened;
    },
  };
}

/**
 * Signs a context in over the API, as the sign-in page does; the cookie then serves its pages.
 * @param {import("playwright-core").BrowserContext} context
 * @param {string} url
 * @param {string} account
 */
async function signIn(context, url, account) {
  const { demo = [] } = await (await context.request.get(`${url}/api/session`)).json();
  const known = demo.find((entry) => entry.account === account);
  if (!known) throw new Error(`the demo city has no account ${account}; it has ${demo.map((entry) => entry.account).join(", ")}`);
  const response = await context.request.post(`${url}/api/session`, { data: { account, password: known.password } });
  if (!response.ok()) throw new Error(`signing in as ${account}: ${response.status()} ${await response.text()}`);
}

/** Resolves when /readyz answers 200; fails when the program ends or the limit passes. */
async function ready(url, child) {
  const deadline = Date.now() + startLimit;
  let last = "no answer";
  while (Date.now() < deadline) {
    if (child.exitCode !== null || child.signalCode !== null) throw new Error(`ended with ${child.exitCode ?? child.signalCode}`);
    try {
      const response = await fetch(`${url}/readyz`);
      if (response.ok) return;
      last = `${response.status}`;
    } catch (error) {
      last = error.cause?.code ?? error.message;
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`not ready after ${startLimit / 1000} s: /readyz says ${last}`);
}

/** A port that was free a moment ago. */
function freePort() {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once("error", reject);
    probe.listen(0, "127.0.0.1", () => {
      const { port } = /** @type {import("node:net").AddressInfo} */ (probe.address());
      probe.close(() => resolve(port));
    });
  });
}
