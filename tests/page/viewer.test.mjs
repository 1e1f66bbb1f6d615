/* What is each viewer's own: their zone, their clipboard, their screen reader, the end of their session, a network
 * that lets no stream through. */
import assert from "node:assert/strict";
import { after, afterEach, before, test } from "node:test";
import { Browser, becomes, openJob, row, signIn } from "./support/browser.mjs";
import { Studio } from "./support/studio.mjs";

const ZONES = ["Asia/Tokyo", "America/Los_Angeles"];
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

const wait = (name) => `while [ ! -e ${name} ]; do sleep 0.05; done`;
const announced = (page, text) => page.locator("#announcer", { hasText: text }).waitFor({ state: "attached" });

for (const timezoneId of ZONES) {
  test(`dates and logs are in the viewer's zone: ${timezoneId}`, async () => {
    await studio.run(["--description", `Logged for ${timezoneId}`], "echo a line; exit 1");
    const page = await browser.signedIn(studio, { timezoneId });
    await openJob(page, `Logged for ${timezoneId}`);
    const time = page.locator(".fact", { hasText: "Started" }).locator("time");
    const at = new Date(await time.getAttribute("datetime"));
    const inZone = (options) => new Intl.DateTimeFormat("en-US", { timeZone: timezoneId, ...options }).format(at);
    assert.equal(await time.textContent(), inZone({ dateStyle: "medium", timeStyle: "medium" }));
    assert.equal(await time.getAttribute("title"), inZone({ dateStyle: "full", timeStyle: "long" }));
    const cell = row(page, `Logged for ${timezoneId}`).locator(".cell-started time");
    assert.match(await cell.textContent(), /^(just now|\d+ s ago|\d+ min ago)$/);
    assert.equal(await cell.getAttribute("title"), inZone({ dateStyle: "full", timeStyle: "long" }));
    await page.locator(".log", { hasText: "a line" }).waitFor();
    const hour = /^(\d\d):/.exec(await page.locator(".log pre").first().textContent())[1];
    const hours = [at, new Date(at.getTime() + 3_600_000)] // an hour may have begun in between
      .map((date) => new Intl.DateTimeFormat("en-GB", { timeZone: timezoneId, hour: "2-digit" }).format(date));
    assert.ok(hours.includes(hour), `${hour} is none of ${hours}`);
  });
}

test("a copied link is the job's address", async () => {
  const page = await browser.signedIn(studio);
  await page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
  await openJob(page, `Logged for ${ZONES[0]}`);
  const id = new URL(page.url()).searchParams.get("job");
  await page.getByRole("button", { name: "Copy link" }).click();
  await page.getByRole("button", { name: "Copied" }).waitFor();
  assert.equal(await page.evaluate(() => navigator.clipboard.readText()), `${studio.url}/?job=${id}`);
});

test("a screen reader hears how many jobs there are, and how the open one ended", async () => {
  const page = await browser.signedIn(studio);
  for (const id of ["announcer", "connection"]) assert.equal(await page.locator(`#${id}`).getAttribute("role"), "status");
  await announced(page, /^2 jobs$/);
  const run = studio.begin(["--description", "Denoise sh040"], `${wait("denoised")}; exit 6`);
  await openJob(page, "Denoise sh040");
  await becomes(() => page.title(), "Denoise sh040 · Jobs");
  await becomes(() => page.locator(".detail-title").evaluate((title) => title === document.activeElement), true, "the job has the focus");
  await studio.write("denoised", "");
  await run.ended;
  await announced(page, /^Denoise sh040, Failed: exit code 6$/);
  await becomes(() => page.locator(".detail-title").evaluate((title) => title === document.activeElement), true, "and keeps it");
  await page.keyboard.press("Escape");
  await becomes(() => page.title(), "Jobs · moonshift");
  await becomes(() => page.locator(".grid").evaluate((grid) => grid === document.activeElement), true, "the list has it again");
  await becomes(() => page.locator(".grid").getAttribute("aria-rowcount"), "4");
  const active = await page.locator(".grid").getAttribute("aria-activedescendant");
  assert.match(await page.locator(`#${active}`).textContent(), /Denoise sh040/);
});

test("arrows, Home, End, Page Down and Page Up move through the list", async () => {
  const page = await browser.signedIn(studio, { viewport: { width: 1360, height: 400 } });
  await studio.call(Array.from({ length: 40 }, (_, i) => ({ action: "create", entity_type: "Job",
    entity_data: { status: "done", data: JSON.stringify({ description: `Row ${i}` }) } })));
  await page.getByRole("button", { name: /^All 43/ }).waitFor();
  const active = () => page.locator(".grid").getAttribute("aria-activedescendant");
  await page.keyboard.press("Home");
  await becomes(active, "row-0");
  const moves = [["ArrowDown", "row-1"], ["ArrowDown", "row-2"], ["ArrowUp", "row-1"], ["End", "row-42"], ["ArrowDown", "row-42"],
    ["Home", "row-0"], ["ArrowUp", "row-0"]];
  for (const [key, expected] of moves) {
    await page.keyboard.press(key);
    await becomes(active, expected, key);
    await page.locator(`#${expected}`).waitFor();
  }
  await page.keyboard.press("PageDown");
  const below = Number((await active()).slice(4));
  assert.ok(below > 1 && below < 20, `Page Down went to ${below}`);
  await page.keyboard.press("PageUp");
  await becomes(active, "row-0");
});

test("where no stream comes through, the page asks now and then", async () => {
  const page = await browser.page({ expected: /ERR_|status of/ });
  await page.route("**/jobs/changes", (route) => route.abort());
  await signIn(page, studio);
  await row(page, "Row ").first().waitFor(); // one of those made at the same moment: any of them may come first
  await studio.run(["--description", "Seen without a stream"], "true");
  await row(page, "Seen without a stream").waitFor();
});

test("a session that ends says so, and goes on where it was", async () => {
  const page = await browser.signedIn(studio, { expected: /status of 401/ });
  await page.goto(`${studio.url}/?text=denoise`);
  await openJob(page, "Denoise sh040");
  const place = page.url();
  await page.context().clearCookies();
  await studio.run(["--description", "Something changes"], "true");
  await page.getByText("You are not signed in any more.").waitFor();
  await page.locator("#app").waitFor({ state: "hidden" });
  await page.getByRole("textbox", { name: "User" }).fill("ada");
  await page.getByLabel("API key").fill(studio.key);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.locator(".detail-title", { hasText: "Denoise sh040" }).waitFor();
  await becomes(async () => page.url(), place);
});
