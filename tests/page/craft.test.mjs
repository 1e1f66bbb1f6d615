/* How it behaves: hostile text, keys, screen readers, small screens, a server that goes and comes back. */
import assert from "node:assert/strict";
import { after, afterEach, before, test } from "node:test";
import { Browser, row, screenshot, violations } from "./support/browser.mjs";
import { Studio } from "./support/studio.mjs";

const MARKUP = `<img src=x onerror="hacked=1"><script>hacked=1</script>"'>`;
let studio, browser;

before(async () => {
  studio = await Studio.open();
  browser = await Browser.open();
  await studio.run(["--description", "Composite sh030", "--name", "comp"], "true");
  await studio.run(["--description", "Transcode sh020"], "echo one; exit 3");
});
afterEach(() => browser.closePages());
after(async () => {
  await browser?.close();
  await studio?.close();
});

test("text is text wherever it comes from", async () => {
  await studio.write("'><img src=x onerror=hacked=1>.txt", MARKUP);
  const hostile = Object.fromEntries(["phase", "reason", "command", "host", "traceback", "tail", MARKUP].map((key) => [key, MARKUP]));
  await studio.run(["--description", MARKUP, "--name", MARKUP, "--attach", "*.txt"], `cat *.txt; exit 1`);
  await studio.call([
    { action: "create", entity_type: "Job", entity_data: { status: "running", data: JSON.stringify({ ...hostile, description: `Hostile ${MARKUP}`, progress: "javascript:1", started_at: MARKUP }) } },
    { action: "create", entity_type: "Job", entity_data: { status: "failed", data: `not JSON ${MARKUP}` } },
    { action: "create", entity_type: "Job", entity_data: { status: "failed", data: JSON.stringify([MARKUP]) } },
    { action: "create", entity_type: "Job", entity_data: { status: "failed", data: JSON.stringify({ description: { deep: MARKUP }, reason: 3, exit_code: MARKUP, log: MARKUP }) } },
    { action: "create", entity_type: "Job", entity_data: { status: "queued" } },
  ]);
  const page = await browser.signedIn(studio, { expected: /status of 400/ });
  const ROWS = 8;
  await page.locator(`#row-${ROWS - 1}`).waitFor();
  assert.equal(await page.locator(".canvas .row").count(), ROWS);
  for (let i = 0; i < ROWS; i++) {
    await page.locator(`#row-${i}`).click();
    await page.locator(".facts").waitFor();
    const text = page.getByText("Show the text");
    if (await text.count()) await text.first().click();
  }
  await page.goto(`${studio.url}/?${new URLSearchParams({ text: MARKUP, user: MARKUP, status: MARKUP, since: MARKUP })}`);
  await page.locator(".empty", { hasText: "status must be" }).waitFor();
  assert.equal(await page.evaluate(() => globalThis.hacked), undefined);
  assert.equal(await page.locator("img, script:not([src])").count(), 0);
});

test("what the policy says, the browser keeps", async () => {
  const page = await browser.page({ expected: /Trusted|Content Security Policy/i });
  await page.goto(studio.url);
  const refused = await page.evaluate(() => {
    try {
      document.body.innerHTML = "<b>markup</b>";
      return false;
    } catch {
      return true;
    }
  });
  assert.ok(refused);
});

test("everything is done by keys alone", async () => {
  const page = await browser.signedIn(studio);
  await page.goto(`${studio.url}/?text=sh0`);
  await row(page, "Composite sh030").waitFor();
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Enter");
  await page.locator(".detail-title", { hasText: "Composite sh030" }).waitFor();
  await page.keyboard.press("Escape");
  await page.locator("#detail").waitFor({ state: "hidden" });
  await page.keyboard.press("ArrowUp");
  await page.keyboard.press("Enter");
  await page.locator(".detail-title", { hasText: "Transcode sh020" }).waitFor();
  await page.keyboard.press("/");
  await page.keyboard.type("30");
  await row(page, "Transcode sh020").waitFor({ state: "hidden" });
});

for (const colorScheme of ["light", "dark"]) {
  test(`axe finds nothing serious, ${colorScheme}`, async () => {
    const page = await browser.page({ colorScheme, expected: /status of 401/ });
    await page.goto(studio.url);
    await page.getByRole("button", { name: "Sign in" }).waitFor();
    assert.deepEqual(await violations(page), []);
    await screenshot(page, `sign-in-${colorScheme}`);
    const inside = await browser.signedIn(studio, { colorScheme });
    await row(inside, "Transcode sh020").click();
    await inside.locator(".reason").waitFor();
    await inside.locator(".log", { hasText: "one" }).waitFor();
    assert.deepEqual(await violations(inside), []);
    await screenshot(inside, `detail-${colorScheme}`);
    await inside.getByRole("button", { name: "Remove old…" }).click();
    await inside.getByRole("dialog").waitFor();
    assert.deepEqual(await violations(inside), []);
  });
}

/* What is wider than there is room for it. */
function tooWide(page) {
  return page.evaluate(() => ["html", ".top", ".tabs", ".filters", ".grid", ".pane-detail"].filter((name) => {
    const node = document.querySelector(name);
    return node.checkVisibility() && node.scrollWidth > node.clientWidth;
  }));
}

test("a phone's width shows it all without scrolling sideways", async () => {
  const run = studio.begin(["--allow-retry", "--description", "Simulate water", "--attach", "*.txt"],
    "echo a long line of output that tells how many particles there are, and where they are; while [ ! -e drained ]; do sleep 0.05; done; exit 2");
  const page = await browser.signedIn(studio, { viewport: { width: 375, height: 760 } });
  await row(page, "Simulate water").waitFor();
  assert.deepEqual(await tooWide(page), []);
  await screenshot(page, "phone");
  await row(page, "Simulate water").click();
  await page.locator(".log", { hasText: "particles" }).waitFor();
  assert.deepEqual(await tooWide(page), []);
  assert.deepEqual(await violations(page), []);
  await screenshot(page, "phone-running");
  await studio.write("drained", "");
  await run.ended;
  await page.locator(".reason").waitFor();
  await page.locator(".file").first().waitFor();
  assert.deepEqual(await tooWide(page), []);
  await screenshot(page, "phone-detail");
  await page.getByRole("button", { name: "Close" }).click();
  await row(page, "Transcode sh020").waitFor();
  assert.deepEqual(await violations(page), []);
});

/* From now on what moves without being moved is summed up in `shifts`: see the Layout Instability API. */
async function watchShifts(page) {
  await page.waitForTimeout(600); // what follows an input is not counted
  await page.evaluate(() => {
    globalThis.shifts = [];
    new PerformanceObserver((entries) => entries.getEntries().forEach((entry) => globalThis.shifts.push(
      `${entry.value}: ${entry.sources.map((source) => source.node?.className ?? source.node?.nodeName)}`)))
      .observe({ type: "layout-shift" });
  });
}

test("nothing jumps while jobs come, move and end", async () => {
  const page = await browser.signedIn(studio);
  await row(page, "Transcode sh020").click();
  await page.locator(".reason").waitFor();
  await page.locator(".log", { hasText: "one" }).waitFor();
  await watchShifts(page);
  const run = studio.begin(["--description", "Moving"], "for i in 1 2 3 4; do echo moonshift::progress 0.$i Step $i; sleep 0.3; done");
  await row(page, "Moving").getByText("Done").waitFor();
  await run.ended;
  assert.deepEqual(await page.evaluate(() => globalThis.shifts), []);
});

test("nothing jumps while the list is loaded", async () => {
  const page = await browser.signedIn(studio);
  await page.addInitScript(() => {
    globalThis.shifts = [];
    new PerformanceObserver((entries) => entries.getEntries().forEach((entry) => globalThis.shifts.push(
      `${entry.value}: ${entry.sources.map((source) => source.node?.className ?? source.node?.nodeName)}`)))
      .observe({ type: "layout-shift", buffered: true });
  });
  await page.reload();
  await row(page, "Transcode sh020").waitFor();
  await page.waitForTimeout(600);
  assert.deepEqual(await page.evaluate(() => globalThis.shifts), []);
});

test("a server that goes away is told of, and so is its return", async () => {
  const page = await browser.signedIn(studio, { expected: /ERR_|status of/ });
  await row(page, "Transcode sh020").waitFor();
  await studio.stopServer();
  await page.getByText("The server does not answer.").waitFor();
  await row(page, "Transcode sh020").waitFor();
  await screenshot(page, "offline");
  await studio.serve(new URL(studio.url).host);
  await page.getByText("Live", { exact: true }).waitFor();
  await studio.run(["--description", "After the break"], "true");
  await row(page, "After the break").waitFor();
});
