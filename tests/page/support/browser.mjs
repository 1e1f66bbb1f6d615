/* Debian's Chromium, headless, with nothing that goes out to the network. A page that logs an error or breaks
 * its own security policy fails the test that opened it. */
import assert from "node:assert/strict";
import { mkdir } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

const require = createRequire(join(process.env.MOONSHIFT_PAGE_MODULES, "package.json"));
const { chromium } = require("playwright-core");
const axePath = require.resolve("axe-core/axe.min.js");
const { readFileSync } = require("node:fs");

const FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
  "--disable-component-update", "--disable-sync"];
const PATIENCE_MS = 120_000;

export class Browser {
  #contexts = [];

  static async open() {
    const browser = new Browser();
    browser.chromium = await chromium.launch({ executablePath: process.env.CHROMIUM_PROGRAM, args: FLAGS });
    return browser;
  }

  /* A page of a browser that nobody used before. `expected` matches errors that belong to the test. */
  async page({ expected = /^$/, ...options } = {}) {
    const context = await this.chromium.newContext({ viewport: { width: 1360, height: 860 }, ...options });
    context.setDefaultTimeout(PATIENCE_MS);
    const page = await context.newPage();
    const problems = [];
    page.on("pageerror", (error) => problems.push(error.stack));
    page.on("console", (message) => {
      const text = message.text();
      if (message.type() === "error" && !expected.test(text)) problems.push(text);
    });
    this.#contexts.push({ context, problems });
    return page;
  }

  async signedIn(studio, options) {
    const page = await this.page(options);
    await signIn(page, studio);
    return page;
  }

  async closePages() {
    const problems = [];
    for (const entry of this.#contexts.splice(0)) {
      await entry.context.close();
      problems.push(...entry.problems);
    }
    assert.deepEqual(problems, [], "the page has errors");
  }

  close() {
    return this.chromium.close();
  }
}

export async function signIn(page, studio, { user = "ada", key = studio.key } = {}) {
  await page.goto(studio.url);
  await page.getByRole("textbox", { name: "User" }).fill(user);
  await page.getByLabel("API key").fill(key);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.locator("#app").waitFor();
}

/* Waits until `read` gives what is expected. */
export async function becomes(read, expected, message) {
  let value;
  for (const deadline = Date.now() + PATIENCE_MS; Date.now() < deadline; await sleep(50)) {
    value = await read();
    if (value === expected) return;
  }
  assert.equal(value, expected, message);
}

export const row = (page, text) => page.locator(".canvas .row", { hasText: text });

export async function openJob(page, text) {
  await row(page, text).first().click();
  await page.locator(".detail-title", { hasText: text }).waitFor();
}

export async function screenshot(page, name) {
  const folder = process.env.MOONSHIFT_PAGE_SCREENSHOTS;
  await mkdir(folder, { recursive: true });
  await page.screenshot({ path: join(folder, `${name}.png`) });
}

/* What axe-core finds that is serious. It is put in by the debugger, to which the page's policy does not apply. */
export async function violations(page) {
  await page.evaluate(readFileSync(axePath, "utf8"));
  const { violations: found } = await page.evaluate(() => globalThis.axe.run());
  return found.filter(({ impact }) => impact === "serious" || impact === "critical")
    .map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html).join("\n")}`);
}
