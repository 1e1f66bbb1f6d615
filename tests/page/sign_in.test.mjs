/* Who gets in: by the one-time link, by user and key, and nobody else. */
import assert from "node:assert/strict";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, afterEach, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { Browser, row, signIn } from "./support/browser.mjs";
import { Studio } from "./support/studio.mjs";

const REFUSAL = /status of 401/;
let studio, browser;

before(async () => {
  studio = await Studio.open();
  browser = await Browser.open();
});
afterEach(() => browser.closePages());
after(async () => {
  await browser?.close();
  await studio?.close();
});

test("the link signs in once, and leaves no token in the address", async () => {
  const page = await browser.page();
  await page.goto(studio.link);
  await page.locator("#app").waitFor();
  assert.equal(await page.locator("#user-name").textContent(), "ada");
  assert.equal(page.url(), `${studio.url}/`);

  const stranger = await browser.page({ expected: REFUSAL });
  await stranger.goto(studio.link);
  await stranger.getByText("This link was used already").waitFor();
  await stranger.locator("#app").waitFor({ state: "hidden" });
});

test("a key signs in, a wrong one does not", async () => {
  const page = await browser.page({ expected: REFUSAL });
  await page.goto(studio.url);
  await page.getByRole("textbox", { name: "User" }).fill("ada");
  await page.getByLabel("API key").fill("0".repeat(64));
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByText("This user and key do not go together.").waitFor();
  await page.getByLabel("API key").fill(studio.key);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.locator("#app").waitFor();
});

test("the cookie is for the server alone, and survives its restart", async () => {
  const page = await browser.signedIn(studio, { expected: /./ });
  const [cookie] = await page.context().cookies();
  assert.equal(cookie.httpOnly, true);
  assert.equal(cookie.sameSite, "Strict");
  assert.ok(cookie.expires > Date.now() / 1000 + 86400);
  await studio.stopServer();
  await studio.serve(new URL(studio.url).host);
  await page.reload();
  await page.locator("#app").waitFor();
});

test("serve --open opens the browser with a link that signs in", async () => {
  const opened = join(studio.folder, "opened");
  await mkdir(join(studio.folder, "bin"));
  await writeFile(join(studio.folder, "bin/xdg-open"), `#!/bin/sh\nprintf %s "$1" >'${opened}.new'; mv '${opened}.new' '${opened}'\n`, { mode: 0o755 });
  await studio.stopServer();
  await studio.serve(new URL(studio.url).host, "--open");
  assert.equal(studio.link, undefined, "the token is not shown, too");
  let link;
  while (!link) link = await readFile(opened, "utf8").catch(() => sleep(50));
  const page = await browser.page();
  await page.goto(link);
  await page.locator("#app").waitFor();
});

test("another user comes in by a key of their own, and acts under their own name", async () => {
  await studio.call([{ action: "create", entity_type: "User", entity_data: { username: "grace" } }]);
  const key = await studio.program("keys", "create", "--user", "grace");
  const run = studio.begin(["--description", "Ada's long render"], "sleep 600");
  const page = await browser.page();
  await signIn(page, studio, { user: "grace", key });
  assert.equal(await page.locator("#user-name").textContent(), "grace");
  await row(page, "Ada's long render").click();
  await page.getByRole("button", { name: "Cancel job…" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Cancel job" }).click();
  await page.locator(".reason", { hasText: "cancelled by grace" }).waitFor();
  await run.ended;
});

test("signing out ends the session on the server", async () => {
  const page = await browser.signedIn(studio, { expected: REFUSAL });
  const [cookie] = await page.context().cookies();
  const headers = { cookie: `${cookie.name}=${cookie.value}` };
  assert.equal((await fetch(`${studio.url}/jobs/list`, { headers })).status, 200);
  await page.getByRole("button", { name: "Sign out" }).click();
  await page.getByRole("button", { name: "Sign in" }).waitFor();
  assert.equal((await fetch(`${studio.url}/jobs/list`, { headers })).status, 401);
});

test("without proof there is nothing", async () => {
  for (const path of ["/jobs/list", "/jobs/detail?id=x", "/jobs/users", "/jobs/zip?id=x", "/jobs/removable", "/jobs/changes"]) {
    assert.equal((await fetch(studio.url + path)).status, 401, path);
  }
  assert.deepEqual(await (await fetch(`${studio.url}/page/session`)).json(), { user: null });
  for (const path of ["/jobs/cancel?id=x", "/jobs/remove?before=2100-01-01"]) {
    const response = await fetch(studio.url + path, { method: "POST", headers: { "moonshift-page": "1" } });
    assert.equal(response.status, 401, path);
  }
});

test("the cookie does nothing for other pages", async () => {
  const page = await browser.page();
  await signIn(page, studio);
  const [{ name, value }] = await page.context().cookies();
  const cookie = `${name}=${value}`;
  const port = Number(new URL(studio.url).port);
  const ask = (path, method, headers) => fetch(studio.url + path, { method, headers: { cookie, ...headers } }).then(({ status }) => status);
  const mine = studio.url, other = `http://127.0.0.1:${port + 1}`;
  assert.equal(await ask("/jobs/list", "GET", { origin: mine }), 200);
  assert.equal(await ask("/jobs/list", "GET", { origin: other }), 403);
  assert.equal(await ask("/jobs/list", "GET", { origin: "null" }), 403);
  assert.equal(await ask("/jobs/list", "GET", { "sec-fetch-site": "same-site" }), 403);
  assert.equal(await ask("/jobs/cancel?id=x", "POST", { origin: mine }), 403);
  assert.equal(await ask("/jobs/cancel?id=x", "POST", { origin: mine, "moonshift-page": "1" }), 404);
  assert.equal(await ask("/jobs/cancel?id=x", "POST", { origin: other, "moonshift-page": "1" }), 403);
  const api = await fetch(`${studio.url}/api`, {
    method: "POST", body: "[]", headers: { cookie, "ftrack-strict-api": "true", "moonshift-page": "1" },
  });
  assert.equal(api.status, 401, "the API wants its own headers");
});
