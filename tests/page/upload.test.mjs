/* The official client's uploader, which only browsers have, in a real one, on a page of another origin. */
import assert from "node:assert/strict";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { after, afterEach, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { Browser } from "./support/browser.mjs";
import { serveClientPage } from "./support/client_page.mjs";
import { Studio } from "./support/studio.mjs";

const MIB = 1024 * 1024;
const AT_ONCE = 5 * MIB + 3, IN_PARTS = 20 * MIB + 17; // the client sends more than 16 MiB in parts of 8
const SLOW_BYTES_PER_S = 2 * MIB;
const PATIENCE_MS = 120_000;

let studio, browser, site;
before(async () => {
  studio = await Studio.open();
  browser = await Browser.open();
  site = await serveClientPage();
});
afterEach(() => browser.closePages());
after(async () => {
  site?.close();
  await browser?.close();
  await studio?.close();
});

/* A page with a session, and helpers that run in it. */
async function openTool(options) {
  const page = await browser.page(options);
  await page.goto(site.url);
  await page.waitForFunction(() => globalThis.ftrack);
  await page.evaluate(async ({ url, user, key }) => {
    globalThis.log.getLogger("ftrack_api").setLevel("silent");
    globalThis.session = new ftrack.Session(url, user, key, { autoConnectEventHub: false });
    await session.initializing;
    globalThis.makeFile = (size, name) => {
      const words = new Uint32Array(Math.ceil(size / 4));
      for (let i = 0; i < words.length; i++) words[i] = Math.imul(i + size, 2654435761);
      return new File([new Uint8Array(words.buffer, 0, size)], name);
    };
    globalThis.digest = async (bytes) =>
      [...new Uint8Array(await crypto.subtle.digest("SHA-256", bytes))].join();
  }, { url: studio.url, user: "ada", key: studio.key });
  return page;
}

async function incoming() {
  return readdir(join(studio.folder, "data", "moonshift", "blobs", ".incoming"));
}

async function waitFor(isTrue) {
  for (const deadline = Date.now() + PATIENCE_MS; !(await isTrue()); await sleep(50)) {
    assert.ok(Date.now() < deadline, "it did not come to that");
  }
}

for (const [how, size] of [["at once", AT_ONCE], ["in parts", IN_PARTS]]) {
  test(`a file that goes ${how} comes back as it was`, async () => {
    const page = await openTool();
    const result = await page.evaluate(async (size) => {
      const file = makeFile(size, "Überblick 01.mov");
      const progress = [];
      const [component, location, metadata] = await session.createComponent(file, {
        onProgress: (percent) => progress.push(percent),
      });
      const response = await fetch(session.getComponentUrl(component.data.id));
      const bytes = await response.arrayBuffer();
      const part = await fetch(response.url, {
        headers: { range: "bytes=2-3", "if-range": response.headers.get("etag") },
      });
      return {
        part: [part.status, part.headers.get("content-range"), (await part.arrayBuffer()).byteLength],
        name: component.data.name, type: component.data.file_type, progress,
        location: location.data.location_id === ftrack.SERVER_LOCATION_ID,
        inParts: Boolean(metadata.upload_id), size: bytes.byteLength,
        isSame: (await digest(bytes)) === (await digest(await file.arrayBuffer())),
        disposition: response.headers.get("content-disposition"), tag: response.headers.get("etag"),
      };
    }, size);
    assert.equal(result.type, ".mov");
    assert.ok(result.location);
    assert.equal(result.inParts, size === IN_PARTS);
    assert.equal(result.size, size);
    assert.deepEqual(result.part, [206, `bytes 2-3/${size}`, 2]);
    assert.ok(result.isSame, "the bytes are others");
    assert.match(result.disposition, /01\.mov/);
    assert.match(result.tag, /^"/);
    const rising = [...result.progress].sort((a, b) => a - b);
    assert.deepEqual(result.progress, rising);
    assert.equal(result.progress.at(-1), 100);
    assert.deepEqual(await incoming(), []);
  });

  test(`an upload that goes ${how} can be aborted`, async () => {
    const page = await openTool({ expected: /ERR_FAILED|status of 404/ });
    const network = await page.context().newCDPSession(page);
    await network.send("Network.emulateNetworkConditions", {
      offline: false, latency: 0, downloadThroughput: -1, uploadThroughput: SLOW_BYTES_PER_S,
    });
    const id = await page.evaluate(async (size) => {
      const controller = new AbortController();
      const id = crypto.randomUUID();
      await new Promise((resolve, reject) => {
        session.createComponent(makeFile(size, "aborted.mov"), {
          data: { id }, signal: controller.signal, onAborted: resolve, onProgress: () => controller.abort(),
        }).then(() => reject(new Error("it was uploaded")), resolve);
      });
      return id;
    }, size);
    await network.send("Network.emulateNetworkConditions", {
      offline: false, latency: 0, downloadThroughput: -1, uploadThroughput: -1,
    });
    if (size === AT_ONCE) await waitFor(async () => (await incoming()).length === 0);
    const left = await page.evaluate(async (id) => {
      const rows = await session.query(`select id from ComponentLocation where component_id is "${id}"`);
      return { rows: rows.data.length, status: (await fetch(session.getComponentUrl(id))).status };
    }, id);
    assert.deepEqual(left, { rows: 0, status: 404 });
  });
}
