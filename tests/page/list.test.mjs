/* The list: jobs appear, move and end before one's eyes; filters; many jobs. */
import assert from "node:assert/strict";
import { after, afterEach, before, test } from "node:test";
import { Browser, row, screenshot } from "./support/browser.mjs";
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

/* A script that waits until we let it go on. */
const wait = (name) => `while [ ! -e ${name} ]; do sleep 0.05; done`;

test("nothing yet: the one command to run, and the first job takes its place", async () => {
  const page = await browser.signedIn(studio);
  await page.getByRole("heading", { name: "No jobs yet" }).waitFor();
  assert.equal(await page.locator(".command code").textContent(), "moonshift wrap -- echo hello");
  await screenshot(page, "empty");
  await studio.run(["--description", "The first one"], "true");
  await row(page, "The first one").waitFor();
  await page.getByRole("heading", { name: "No jobs yet" }).waitFor({ state: "hidden" });
});

test("a job appears, advances and finishes without reloading", async () => {
  const page = await browser.signedIn(studio);
  const run = studio.begin(["--description", "Render sh010"],
    `echo moonshift::progress 0.2 Warming up; ${wait("half")}; echo moonshift::progress 0.6 Rendering; ${wait("end")}`);
  const job = row(page, "Render sh010");
  await job.getByText("Running").waitFor();
  await job.getByText("20 %").waitFor();
  await job.getByText("Warming up").waitFor();
  await studio.write("half", "");
  await job.getByText("60 %").waitFor();
  await job.getByText("Rendering", { exact: true }).waitFor();
  await studio.write("end", "");
  assert.equal(await run.ended, 0);
  await job.getByText("Done").waitFor();
  await job.locator(".bar").waitFor({ state: "hidden" });
});

test("a failure shows its reason in the list", async () => {
  const page = await browser.signedIn(studio);
  await studio.run(["--description", "Bake cloth"], "exit 7");
  await row(page, "Bake cloth").getByText("Failed").waitFor();
  await row(page, "Bake cloth").getByText("exit code 7").waitFor();
  await screenshot(page, "list");
});

test("filters are in the address, and go back with it", async () => {
  await studio.call([{ action: "create", entity_type: "User", entity_data: { username: "grace" } }]);
  await studio.run(["--description", "Review 100% of_it", "--user", "grace"], "true");
  const page = await browser.signedIn(studio);
  await row(page, "Bake cloth").waitFor();
  await page.getByRole("button", { name: /Failed/ }).click();
  await row(page, "The first one").waitFor({ state: "hidden" });
  await row(page, "Bake cloth").waitFor();
  assert.equal(new URL(page.url()).search, "?status=failed");
  await page.goBack();
  await row(page, "The first one").waitFor();

  await page.getByRole("combobox", { name: "User" }).selectOption("grace");
  await row(page, "Bake cloth").waitFor({ state: "hidden" });
  await row(page, "Review 100% of_it").waitFor();
  await page.getByRole("combobox", { name: "User" }).selectOption("");

  await page.keyboard.press("/");
  await page.keyboard.type("EXIT CODE 7");
  await row(page, "The first one").waitFor({ state: "hidden" });
  await row(page, "Bake cloth").waitFor();
  await page.waitForURL(/text=EXIT\+CODE\+7$/);
  await page.keyboard.press("Escape");
  await row(page, "The first one").waitFor();

  await page.keyboard.press("/");
  await page.keyboard.type("0% of_");
  await row(page, "The first one").waitFor({ state: "hidden" });
  await row(page, "Review 100% of_it").waitFor();
  await page.getByLabel("Search jobs").fill("no such thing");
  await page.getByRole("heading", { name: "No job matches" }).waitFor();
  await page.getByRole("button", { name: "Clear the filters" }).click();
  await row(page, "The first one").waitFor();

  await page.goto(`${studio.url}/?since=1h&status=done`);
  await row(page, "The first one").waitFor();
  await page.goto(`${studio.url}/?since=2100-01-01T00:00:00Z`);
  await page.getByRole("heading", { name: "No job matches" }).waitFor();
});

test("counts are of all jobs with the other filters", async () => {
  const page = await browser.signedIn(studio);
  await page.goto(`${studio.url}/?status=done`);
  await row(page, "The first one").waitFor();
  assert.match(await page.getByRole("button", { name: /^Failed/ }).textContent(), /1$/);
  const all = Number(/\d+/.exec(await page.getByRole("button", { name: /^All/ }).textContent())[0]);
  assert.equal(all, 4);
});

test("of thousands only those in sight are drawn, and rows stay where they are", async () => {
  const jobs = Array.from({ length: 3000 }, (_, i) => ({
    action: "create",
    entity_type: "Job",
    entity_data: { status: "done", data: JSON.stringify({ description: `Bulk ${i}` }) },
  }));
  await studio.call(jobs);
  const page = await browser.signedIn(studio);
  await page.getByRole("button", { name: /^All 3,004/ }).waitFor();
  assert.ok((await page.locator(".canvas .row").count()) < 60);
  await page.keyboard.press("End");
  await row(page, "The first one").waitFor();
  assert.ok((await page.locator(".canvas .row").count()) < 60);

  const first = row(page, "The first one");
  const top = async () => Math.round((await first.boundingBox()).y);
  const before = await top();
  await studio.run(["--description", "Newer"], "true");
  await page.getByRole("button", { name: /^All 3,005/ }).waitFor();
  assert.equal(await top(), before);
  await page.keyboard.press("Home");
  await row(page, "Newer").waitFor();
});
