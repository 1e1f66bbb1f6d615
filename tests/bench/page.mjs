/* The Jobs page over many jobs, in Chromium: how soon it is there, and how soon it shows what changes while many
 * look on. Run by page.lua, which says what the figures are; its environment names the program and the modules. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { Onlooker } from "./support/onlooker.mjs";

const { MOONSHIFT_PROGRAM, MOONSHIFT_PAGE_MODULES, CHROMIUM_PROGRAM } = process.env;
const { chromium } = createRequire(join(MOONSHIFT_PAGE_MODULES, "package.json"))("playwright-core");

const JOBS = 50_000, BATCH = 1000;
const LOADS = 9;
const ONLOOKERS = 49; // beside Chromium
const UPDATES_PER_S = 200, SECONDS = 10, WRITERS = 8;
const MOVING_JOBS = 12; // all in sight
const SETTLE_MS = 1500;

// ---- the server -------------------------------------------------------------------------------------------

async function startServer(folder) {
  const environment = { PATH: process.env.PATH, HOME: folder, USER: "ada", LOGNAME: "ada" };
  const server = spawn(MOONSHIFT_PROGRAM, ["serve", "--listen", "127.0.0.1:0", "--data", join(folder, "data")],
    { env: environment, stdio: ["ignore", "pipe", "inherit"] });
  for await (const line of createInterface({ input: server.stdout })) {
    server.url = /listening on (\S+)/.exec(line)?.[1] ?? server.url;
    server.link = /(http\S+\?token=\S+)/.exec(line)?.[1] ?? server.link;
    server.key = /FTRACK_API_KEY='(.+)'/.exec(line)?.[1] ?? server.key;
    if (server.key) break;
  }
  server.stdout.resume();
  server.headers = { "ftrack-user": "ada", "ftrack-api-key": server.key };
  return server;
}

async function call(server, operations) {
  const response = await fetch(`${server.url}/api`, {
    method: "POST", body: JSON.stringify(operations),
    headers: { ...server.headers, "content-type": "application/json", "ftrack-strict-api": "true" },
  });
  if (!response.ok) throw new Error(await response.text());
  return response.json();
}

const statusOf = (i) => (i < MOVING_JOBS ? "running" : i % 7 === 0 ? "failed" : "done");

/* Job number i, whose age is i minutes. */
function creation(i, now) {
  const data = {
    description: `Render sh${String(i % 900).padStart(4, "0")} of sequence ${i % 40}`, name: `render ${i % 40}`,
    host: `farm${i % 64}`, progress: 0.5, phase: "frame 12", reason: i % 7 === 0 ? "exit code 3" : undefined,
    command: ["render", "--frames", "1001-1096", `shot_${i}.scene`], duration_s: 61.5, pid: i,
  };
  return {
    action: "create", entity_type: "Job",
    entity_data: { id: `00000000-0000-4000-8000-${String(i).padStart(12, "0")}`, status: statusOf(i),
      created_at: new Date(now - i * 60_000).toISOString().slice(0, 19), data: JSON.stringify(data) },
  };
}

async function fill(server) {
  const now = Date.now();
  for (let first = 0; first < JOBS; first += BATCH) {
    await call(server, Array.from({ length: BATCH }, (_, i) => creation(first + i, now)));
  }
}

/* Seconds of processor time that the server has used. */
function processorTime(server) {
  const fields = readFileSync(`/proc/${server.pid}/stat`, "utf8").split(") ")[1].split(" ");
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

// ---- figures ----------------------------------------------------------------------------------------------

function quantile(values, share) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];
}

const milliseconds = (value) => `${value.toFixed(0).padStart(5)} ms`;

function print(name, ...values) {
  console.log(`  ${name.padEnd(46)} ${values.join("   ")}`);
}

// ---- how soon it is there ---------------------------------------------------------------------------------

/* In the page, before its own scripts: notes when rows are drawn with jobs in them, and when the page has answered
 * a key. Times are since the navigation began. */
function watchLoading() {
  globalThis.times = {};
  const note = (name) => requestAnimationFrame(() => setTimeout(() => (globalThis.times[name] ??= performance.now())));
  const look = () => {
    if (document.querySelector('.canvas .row[data-id]:not([data-id=""])')) note("list");
    if (!globalThis.times.list) return;
    if (document.querySelector(".grid")?.getAttribute("aria-activedescendant") === "row-1") note("answer");
    else document.body.dispatchEvent(new KeyboardEvent("keydown", { key: "ArrowDown", bubbles: true }));
  };
  const timer = setInterval(() => (globalThis.times.answer ? clearInterval(timer) : document.body && look()), 4);
}

async function load(page, url) {
  await page.goto(url);
  await page.waitForFunction(() => globalThis.times.answer);
  const paint = await page.evaluate(() => performance.getEntriesByName("first-contentful-paint")[0]?.startTime ?? NaN);
  return { ...(await page.evaluate(() => globalThis.times)), paint };
}

async function measureLoading(page, server) {
  await page.addInitScript(watchLoading);
  const times = [];
  for (let i = 0; i < LOADS; i++) times.push(await load(page, server.url));
  console.log(`\n${JOBS.toLocaleString()} jobs, the page is opened (median and slowest of ${LOADS}, from the navigation's start)`);
  for (const [name, title] of [["paint", "first contentful paint"], ["list", "list visible"], ["answer", "a key is answered"]]) {
    const values = times.map((one) => one[name]);
    print(title, milliseconds(quantile(values, 0.5)), milliseconds(Math.max(...values)));
  }
}

// ---- how soon it shows what changes -----------------------------------------------------------------------

/* In the page: when each numbered phase was first seen in the list. */
function watchPhases() {
  globalThis.seen = {};
  new MutationObserver(() => {
    for (const note of document.querySelectorAll(".row-note")) {
      const number = /^tick (\d+)$/.exec(note.textContent)?.[1];
      if (number) globalThis.seen[number] ??= performance.timeOrigin + performance.now();
    }
  }).observe(document.querySelector(".canvas"), { subtree: true, childList: true, characterData: true });
}

/* Sends numbered updates at an even pace. Returns when each was sent. */
async function update(server) {
  const sentAt = new Map(), total = UPDATES_PER_S * SECONDS, started = performance.now();
  let next = 0;
  async function writer() {
    while (next < total) {
      const number = next++;
      const wait = started + (number * 1000) / UPDATES_PER_S - performance.now();
      if (wait > 0) await sleep(wait);
      sentAt.set(number, performance.timeOrigin + performance.now());
      const { entity_data: { id, data } } = creation(number % MOVING_JOBS, 0);
      await call(server, [{ action: "update", entity_type: "Job", entity_key: [id],
        entity_data: { data: JSON.stringify({ ...JSON.parse(data), phase: `tick ${number}` }) } }]);
    }
  }
  await Promise.all(Array.from({ length: WRITERS }, writer));
  return { sentAt, seconds: (performance.now() - started) / 1000 };
}

/* Delays of all updates. One that a later update of the same job replaced before anybody looked counts as seen
 * when that one was. */
function delays(sentAt, seen) {
  const seenAt = new Map(seen.map(([number, at]) => [Number(number), at])), soonest = new Map(), found = [];
  for (const number of [...sentAt.keys()].sort((a, b) => b - a)) {
    const job = number % MOVING_JOBS;
    const at = Math.min(seenAt.get(number) ?? Infinity, soonest.get(job) ?? Infinity);
    soonest.set(job, at);
    if (at < Infinity) found.push(at - sentAt.get(number));
  }
  return found;
}

async function measureUpdates(page, server) {
  const onlookers = Array.from({ length: ONLOOKERS }, () => new Onlooker(server));
  await page.evaluate(watchPhases);
  await sleep(SETTLE_MS);
  const before = processorTime(server);
  const { sentAt, seconds } = await update(server);
  const used = processorTime(server) - before;
  await sleep(SETTLE_MS);
  const inBrowser = delays(sentAt, Object.entries(await page.evaluate(() => globalThis.seen)));
  const elsewhere = onlookers.flatMap((one) => delays(sentAt, [...one.seen]));
  onlookers.forEach((one) => one.close());
  console.log(`\n${(sentAt.size / seconds).toFixed(0)} updates a second, ${ONLOOKERS + 1} look on (from sending an update to its being seen)`);
  print("in Chromium, p50 and p99", milliseconds(quantile(inBrowser, 0.5)), milliseconds(quantile(inBrowser, 0.99)), `${inBrowser.length} seen`);
  print("by the others, p50 and p99", milliseconds(quantile(elsewhere, 0.5)), milliseconds(quantile(elsewhere, 0.99)), `${elsewhere.length} seen`);
  print("the server's processor time", `${((used / seconds) * 100).toFixed(0).padStart(5)} % of a core`);
  print("lists asked for by the others", `${(onlookers.reduce((sum, one) => sum + one.lists, 0) / seconds).toFixed(0).padStart(5)} /s`);
}

// ---- the whole --------------------------------------------------------------------------------------------

const folder = await mkdtemp(join(tmpdir(), "moonshift-bench-page-"));
const server = await startServer(folder);
const browser = await chromium.launch({ executablePath: CHROMIUM_PROGRAM, args: ["--no-sandbox", "--disable-gpu", "--disable-quic"] });
try {
  await fill(server);
  const page = await (await browser.newContext({ viewport: { width: 1360, height: 860 } })).newPage();
  await page.goto(server.link);
  await page.locator("#row-0").waitFor();
  await measureLoading(page, server);
  await measureUpdates(page, server);
} finally {
  await browser.close();
  const ended = once(server, "exit");
  server.kill("SIGTERM");
  await ended;
  await rm(folder, { recursive: true, force: true });
}
