/* Running a job again from the page: with the wrapper's leave, once, and by whom it was run before. */
import assert from "node:assert/strict";
import { readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { after, afterEach, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { Browser, openJob, row, screenshot, signIn, violations } from "./support/browser.mjs";
import { Studio } from "./support/studio.mjs";

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

const jobs = async () => (await (await fetch(`${studio.url}/jobs/list`, { headers: studio.headers })).json()).jobs;
const dialogOf = (page) => page.getByRole("dialog");

async function askToRetry(page, name = "Retry") {
  await page.getByRole("button", { name: `${name}…` }).click();
  await dialogOf(page).getByRole("button", { name }).click();
}

test("a failed job runs again, in its place and as its user, and both know each other", async () => {
  await studio.call([{ action: "create", entity_type: "User", entity_data: { username: "grace" } }]);
  const key = await studio.program("keys", "create", "--user", "grace");
  await studio.run(["--allow-retry", "--description", "Encode sh010", "--attach", "seen"],
    "echo $FTRACK_API_USER $SHOT > seen; test -e fixed || exit 9; while [ ! -e go ]; do sleep 0.05; done");
  const page = await browser.page();
  await signIn(page, studio, { user: "grace", key });
  await openJob(page, "Encode sh010");
  await page.getByRole("button", { name: "Retry…" }).click();
  await dialogOf(page).getByText("test -e fixed").waitFor();
  assert.deepEqual(await violations(page), []);
  await screenshot(page, "retry");
  await dialogOf(page).getByRole("button", { name: "Not now" }).click();
  assert.equal((await jobs()).length, 1);

  await studio.write("fixed", "");
  await askToRetry(page);
  await dialogOf(page).waitFor({ state: "hidden" });
  await page.locator(".detail-head").getByText("Running").waitFor();
  await page.getByRole("button", { name: "Retry…" }).waitFor({ state: "hidden" });
  await page.locator(".related", { hasText: "What it retries" }).waitFor();
  await page.locator(".fact", { hasText: "Retried for" }).getByText("grace").waitFor();
  assert.equal(await page.locator(".fact", { hasText: /^User/ }).locator("dd").textContent(), "ada");
  await studio.write("go", "");
  await page.locator(".detail-head").getByText("Done").waitFor();
  assert.equal(await readFile(join(studio.work, "seen"), "utf8"), "ada\n");
  await screenshot(page, "retried");
  await page.locator(".related a").click();
  await page.locator(".reason", { hasText: "exit code 9" }).waitFor();
  await page.locator(".related", { hasText: "Its retry" }).waitFor();
  while (/retry/.test(await studio.program("keys"))) await sleep(100); // it is taken back when the command has ended
});

test("two who press at once start one run", async () => {
  await studio.run(["--allow-retry", "--description", "Simulate once"], "test -e second || exit 1; while [ ! -e enough ]; do sleep 0.05; done");
  await studio.write("second", "");
  const before = (await jobs()).length;
  const pages = [await browser.signedIn(studio), await browser.signedIn(studio, { expected: /status of 409/ })];
  for (const page of pages) {
    await openJob(page, "Simulate once");
    await page.getByRole("button", { name: "Retry…" }).click();
  }
  await dialogOf(pages[0]).getByRole("button", { name: "Retry" }).click();
  await dialogOf(pages[0]).waitFor({ state: "hidden" });
  await dialogOf(pages[1]).getByRole("button", { name: "Retry" }).click();
  await dialogOf(pages[1]).getByText("is being retried already").waitFor();
  assert.ok(await dialogOf(pages[1]).getByRole("button", { name: "Retry" }).isEnabled());
  await studio.write("enough", "");
  await pages[0].locator(".detail-head").getByText("Done").waitFor();
  assert.equal((await jobs()).length, before + 1);
});

test("one that went well can be run again", async () => {
  await studio.run(["--allow-retry", "--description", "Nightly report"], "true");
  const page = await browser.signedIn(studio);
  await openJob(page, "Nightly report");
  const first = page.url();
  await askToRetry(page, "Run again");
  await dialogOf(page).waitFor({ state: "hidden" });
  await page.locator(".detail-head").getByText("Done").waitFor();
  assert.notEqual(page.url(), first);
});

test("where it cannot be run the page says what to do", async () => {
  await studio.run(["--description", "Nobody recorded this"], "exit 1");
  await studio.run(["--allow-retry", "--description", "Ran elsewhere"], "exit 1");
  const job = (await jobs()).find(({ description }) => description === "Ran elsewhere");
  const [{ data: [{ data }] }] = await studio.call([{ action: "query", expression: `select data from Job where id is "${job.id}"` }]);
  await studio.call([{ action: "update", entity_type: "Job", entity_key: [job.id],
    entity_data: { data: JSON.stringify({ ...JSON.parse(data), host: "render07", command: ["touch", "trapped"] }) } }]);
  await rm(join(studio.folder, "state/moonshift/runs", `${job.id}.json`));
  const page = await browser.signedIn(studio, { expected: /status of 409/ });
  await openJob(page, "Nobody recorded this");
  await page.getByRole("button", { name: "Retry…" }).waitFor({ state: "hidden" });
  await openJob(page, "Ran elsewhere");
  await askToRetry(page);
  await dialogOf(page).getByText(`recorded on render07, where it ran. There, type: moonshift jobs retry ${job.id}`).waitFor();
  assert.ok(!(await readdir(studio.work)).includes("trapped"));
});

test("retrying wants what cancelling wants", async () => {
  const [job] = await jobs();
  const ask = (headers, id = job.id) => fetch(`${studio.url}/jobs/retry?id=${encodeURIComponent(id)}`, { method: "POST", headers }).then(({ status }) => status);
  const page = await browser.signedIn(studio);
  const [{ name, value }] = await page.context().cookies();
  const cookie = `${name}=${value}`;
  assert.equal(await ask({ "moonshift-page": "1" }), 401);
  assert.equal(await ask({ cookie }), 403);
  assert.equal(await ask({ cookie, "moonshift-page": "1", origin: "http://127.0.0.1:1" }), 403);
  assert.equal(await ask({ cookie, "moonshift-page": "1" }, "no such job"), 404);
  assert.equal((await fetch(`${studio.url}/jobs/retry?id=${job.id}`, { headers: studio.headers })).status, 405);
});

test("an id that is no plain word is never part of a command line", async () => {
  const id = "--data=/tmp/elsewhere";
  await studio.call([{ action: "create", entity_type: "Job", entity_data: { id, status: "failed", data: '{"retry":true}' } }]);
  const response = await fetch(`${studio.url}/jobs/retry?id=${encodeURIComponent(id)}`, { method: "POST", headers: studio.headers });
  assert.equal(response.status, 422);
  assert.match((await response.json()).content, /with this id/);
});

test("records go with the jobs that are removed", async () => {
  const records = () => readdir(join(studio.folder, "state/moonshift/runs"));
  assert.ok((await records()).length > 0);
  const response = await fetch(`${studio.url}/jobs/remove?before=2100-01-01`, { method: "POST", headers: studio.headers });
  assert.ok((await response.json()).removed > 0);
  assert.deepEqual(await records(), []);
});
