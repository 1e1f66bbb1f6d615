/* One job: the reason, the log, the files, the relatives; cancelling and removing. */
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, afterEach, before, test } from "node:test";
import { Browser, openJob, row, screenshot } from "./support/browser.mjs";
import { Studio } from "./support/studio.mjs";
import { unzip } from "./support/unzip.mjs";

const PIXEL = Buffer.from("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==", "base64");
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

async function saved(page, act) {
  const [download] = await Promise.all([page.waitForEvent("download"), act()]);
  return { name: download.suggestedFilename(), bytes: await readFile(await download.path()) };
}

test("a failure: the reason first, then head and tail of a long log", async () => {
  await studio.run(["--description", "Transcode sh020"],
    'echo THE BEGINNING; i=0; while [ $i -lt 3000 ]; do echo "frame $i of a long log"; i=$((i+1)); done; echo "no space left"; exit 3');
  const page = await browser.signedIn(studio);
  await openJob(page, "Transcode sh020");
  await page.locator(".log", { hasText: "no space left" }).waitFor();
  assert.equal(await page.locator(".reason-text").textContent(), "exit code 3");
  const order = await page.locator(".detail-body > *").evaluateAll((nodes) => nodes.map((node) => node.className));
  assert.deepEqual(order.slice(0, 2), ["detail-head", "reason"]);
  const log = await page.locator(".log").first().textContent();
  assert.match(log, /THE BEGINNING/);
  assert.match(log, /are left out here/);
  assert.match(log, /\d\d:\d\d:\d\d {2}frame 2999 of a long log/);
  assert.doesNotMatch(log, /frame 1500 /);
  await screenshot(page, "failed");
  const { bytes } = await saved(page, () => page.getByRole("link", { name: /Whole log/ }).click());
  assert.match(bytes.toString(), /frame 1500 of a long log/);
});

test("while it runs, the log's tail is there to read", async () => {
  const run = studio.begin(["--description", "Watch me"], "echo first line; while [ ! -e go ]; do sleep 0.05; done; echo '<b>last</b> line'; exit 1");
  const page = await browser.signedIn(studio);
  await openJob(page, "Watch me");
  await page.locator(".log", { hasText: "first line" }).waitFor();
  await studio.write("go", "");
  await run.ended;
  await page.locator(".log", { hasText: "<b>last</b> line" }).waitFor();
  await page.getByRole("link", { name: /Whole log/ }).waitFor();
});

test("what browsers cannot show has a small picture, where the server can make one", async () => {
  await mkdir(join(studio.folder, "bin"), { recursive: true });
  await writeFile(join(studio.folder, "bin", "convert"),
    `#!/bin/sh\ngrep -q broken /dev/fd/0 && exit 1\nexec cat '${join(studio.work, "picture")}'\n`, { mode: 0o755 });
  await studio.write("picture", PIXEL);
  await studio.write("plate.tga", "frame");
  await studio.write("other.tga", "broken");
  await studio.run(["--description", "Render plates", "--attach", "*.tga"], "true");
  const page = await browser.signedIn(studio, { expected: /status of 404/ });
  await openJob(page, "Render plates");
  await page.waitForFunction(() => document.querySelector(".preview img")?.naturalWidth === 1);
  await page.waitForFunction(() => document.querySelectorAll(".preview").length === 1);
  assert.equal(await page.locator(".file", { hasText: "plate.tga" }).locator("img").count(), 1);
});

test("files come down as they went up, one or all", async () => {
  const movie = randomBytes(300_000), plain = "shot,frames\nsh010,120\n";
  await studio.write("sh010.mov", movie);
  await studio.write("käse & <b>.csv", plain);
  await studio.write("still.png", PIXEL);
  await studio.write("empty.txt", "");
  await studio.run(["--description", "Publish sh010", "--attach", "sh010.mov", "--attach", "*.csv", "--attach", "still.png",
    "--attach", "empty.txt"], "true");
  const page = await browser.signedIn(studio, { expected: /ERR_/ }); // random bytes are no movie
  await openJob(page, "Publish sh010");
  await page.getByRole("heading", { name: "4 attachments" }).waitFor();
  await page.waitForFunction(() => document.querySelector(".preview img")?.naturalWidth === 1);
  const one = await saved(page, () => page.getByRole("link", { name: "Download sh010.mov" }).click());
  assert.equal(one.name, "sh010.mov");
  assert.ok(one.bytes.equals(movie));
  await page.locator(".file", { hasText: "käse" }).getByText("Show the text").click();
  await page.locator(".file .log", { hasText: "sh010,120" }).waitFor();
  await screenshot(page, "detail");

  const all = await saved(page, () => page.getByRole("link", { name: /Download all/ }).click());
  const files = unzip(all.bytes);
  assert.deepEqual(Object.keys(files).sort(), ["empty.txt", "käse & _b_.csv", "sh010.mov", "still.png"]);
  assert.ok(files["sh010.mov"].equals(movie));
  assert.equal(files["käse & _b_.csv"].toString(), plain);
  assert.equal(files["empty.txt"].length, 0);
});

test("a link opens the job; a job that is gone says so", async () => {
  const page = await browser.signedIn(studio, { expected: /status of 404/ });
  await openJob(page, "Publish sh010");
  const link = page.url();
  await page.keyboard.press("Escape");
  await page.locator("#detail").waitFor({ state: "hidden" });
  await page.goto(link);
  await page.locator(".detail-title", { hasText: "Publish sh010" }).waitFor();
  await page.goto(`${studio.url}/?job=00000000-0000-4000-8000-000000000000`);
  await page.getByText("perhaps it was removed").waitFor();
});

test("other runs of the same name are one click away", async () => {
  await studio.run(["--description", "Night batch, Monday", "--name", "night"], "exit 1");
  await studio.run(["--description", "Night batch, Tuesday", "--name", "night"], "true");
  const page = await browser.signedIn(studio);
  await openJob(page, "Night batch, Tuesday");
  await page.getByRole("heading", { name: "Other runs with this name" }).waitFor();
  await page.locator(".related a").click();
  await page.locator(".detail-title", { hasText: "Night batch, Monday" }).waitFor();
});

test("an open job is not asked for with every change elsewhere, and its own are not missed", async () => {
  const PAUSE_MS = 5000, CHANGES = 30;
  const ids = ["00000000-0000-4000-8000-00000000000a", "00000000-0000-4000-8000-00000000000b"];
  const describe = (id, description) => studio.call([{ action: "update", entity_type: "Job", entity_key: [id], entity_data: { data: JSON.stringify({ description }) } }]);
  await studio.call(ids.map((id) => ({ action: "create", entity_type: "Job", entity_data: { id, status: "done", data: '{"description":"Still"}' } })));
  const page = await browser.signedIn(studio);
  let asked = 0;
  page.on("request", (request) => (asked += new URL(request.url()).pathname === "/jobs/detail"));
  await page.goto(`${studio.url}/?job=${ids[0]}`);
  await page.locator(".detail-title", { hasText: "Still" }).waitFor();
  const started = performance.now();
  for (let i = 1; i <= CHANGES; i++) {
    await describe(ids[1], `Change ${i}`);
    await row(page, `Change ${i}`).first().waitFor();
  }
  const most = 2 + Math.ceil((performance.now() - started) / PAUSE_MS);
  assert.ok(asked <= most, `${asked} times, ${most} at the most`);
  await describe(ids[0], "Described anew");
  await page.locator(".detail-title", { hasText: "Described anew" }).waitFor();
  await studio.call(ids.map((id) => ({ action: "delete", entity_type: "Job", entity_key: [id] })));
});

test("cancelling asks first, then the command ends, and the job is failed by whoever did it", async () => {
  const run = studio.begin(["--description", "Simulate water"], "echo $$ > pid; sleep 600");
  const page = await browser.signedIn(studio);
  await openJob(page, "Simulate water");
  await page.getByRole("button", { name: "Cancel job…" }).click();
  await page.getByRole("button", { name: "Keep it" }).click();
  await row(page, "Simulate water").getByText("Running").waitFor();
  await page.getByRole("button", { name: "Cancel job…" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Cancel job" }).click();
  await row(page, "Simulate water").getByText("Failed").waitFor();
  await row(page, "Simulate water").getByText("cancelled by ada").waitFor();
  assert.equal(await page.locator(".reason-text").textContent(), "cancelled by ada");
  await page.getByRole("button", { name: "Cancel job…" }).waitFor({ state: "hidden" });
  await run.ended;
  const pid = Number(await readFile(join(studio.work, "pid"), "utf8"));
  assert.throws(() => process.kill(pid, 0), { code: "ESRCH" });
  assert.equal(await page.locator(".reason-text").textContent(), "cancelled by ada", "the wrapper keeps the reason");
});

test("removing takes what ended before a day, with its files", async () => {
  const page = await browser.signedIn(studio);
  await row(page, "Publish sh010").waitFor();
  await page.getByRole("button", { name: "Remove old…" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByText("No job ended before that day.").waitFor();
  assert.ok(await dialog.getByRole("button", { name: "Remove" }).isDisabled());
  await dialog.getByLabel("Ended before").fill("2100-01-01");
  await dialog.getByText(/^7 jobs and \d+ attachments .* would be removed/).waitFor();
  await dialog.getByRole("button", { name: "Remove" }).click();
  await dialog.waitFor({ state: "hidden" });
  await page.getByRole("heading", { name: "No jobs yet" }).waitFor();
  const [{ data }] = await studio.call([{ action: "query", expression: "select id from Component" }]);
  assert.deepEqual(data, []);
});
