/* Component data: the client's own uploads, whole and in parts, and what is behind them: upload
 * metadata, PUT, locations, and downloads with ranges. */
import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { after, before, describe, test } from "node:test";
import { installBrowser } from "./support/browser.mjs";
import { ftrack, openSession, operation, rows, uuid } from "./support/client.mjs";
import { startServer } from "./support/server.mjs";
import { fixed } from "./support/studio.mjs";

const CHUNK_BYTES = 64 * 1024;

let server;
let session;
before(async () => {
  installBrowser({ chunkBytes: CHUNK_BYTES });
  server = await startServer();
  session = await openSession(server);
});
after(() => server.stop());

const md5 = (bytes) => createHash("md5").update(bytes).digest("base64");

async function download(url, headers = {}) {
  const response = await fetch(url, { headers });
  return { response, bytes: Buffer.from(await response.arrayBuffer()) };
}

/* Asks for a place, puts the bytes there, and answers the component's id. */
async function put(bytes, { name = "data.bin", id = uuid(), ...options } = {}) {
  const [target] = await session.call([
    {
      action: "get_upload_metadata",
      component_id: id,
      file_name: name,
      file_size: bytes.length,
      ...options,
    },
  ]);
  const headers = Object.fromEntries(
    Object.entries(target.headers).filter(([header]) => header !== "Content-Length"),
  );
  const response = await fetch(target.url, { method: "PUT", headers, body: bytes });
  return { id, target, response };
}

describe("the client's own upload", () => {
  const upload = (bytes, name, options = {}) =>
    session.createComponent(new Blob([bytes]), { name, ...options });

  test("of a small file", async () => {
    const bytes = randomBytes(1000);
    const progress = [];
    const [component, location, metadata] = await upload(bytes, "turntable.v001.mov", {
      onProgress: (percent) => progress.push(percent),
    });
    assert.equal(component.data.name, "turntable.v001");
    assert.equal(component.data.file_type, ".mov");
    assert.equal(component.data.size, 1000);
    assert.equal(location.data.location_id, ftrack.SERVER_LOCATION_ID);
    assert.equal(metadata.component_id, component.data.id);
    assert.deepEqual(progress, [100]);
    const { response, bytes: back } = await download(session.getComponentUrl(component.data.id));
    assert.deepEqual(back, bytes);
    assert.match(response.headers.get("content-disposition"), /turntable\.v001\.mov/);
  });

  test("of an empty file", async () => {
    const [component] = await upload(new Uint8Array(0), "empty.txt");
    const { response, bytes } = await download(session.getComponentUrl(component.data.id));
    assert.equal(response.status, 200);
    assert.equal(bytes.length, 0);
  });

  test("of a file with a name from far away", async () => {
    const [component] = await upload(randomBytes(10), "Überblick 映像 \"1\".tar.gz");
    const { response } = await download(session.getComponentUrl(component.data.id));
    assert.equal(response.status, 200);
    const [found] = await rows(session, `select name, file_type from Component where id is ${component.data.id}`);
    assert.equal(found.file_type, ".gz");
  });

  test("in parts, the last one short", async () => {
    const bytes = randomBytes(CHUNK_BYTES * 4 + 17);
    const [component, , metadata] = await upload(bytes, "plate.exr");
    assert.equal(typeof metadata.upload_id, "string");
    const { bytes: back } = await download(session.getComponentUrl(component.data.id));
    assert.equal(md5(back), md5(bytes));
    const [found] = await rows(
      session,
      `select size, component_locations.location.name, component_locations.resource_identifier ` +
        `from FileComponent where id is ${component.data.id}`,
    );
    assert.equal(found.size, bytes.length);
    assert.deepEqual(
      found.component_locations.map((row) => [row.location.name, row.resource_identifier]),
      [["ftrack.server", component.data.id]],
    );
  });

  test("with data of its own: id, name, type, version", async () => {
    const id = uuid();
    const [component] = await upload(randomBytes(5), "x.png", {
      data: { id, name: "ftrackreview-image", file_type: ".png" },
    });
    assert.equal(component.data.id, id);
    assert.equal(component.data.name, "ftrackreview-image");
  });
});

describe("upload metadata", () => {
  test("of one part: a URL, the component, headers", async () => {
    const { id, target, response } = await put(Buffer.from("hello"), {
      name: "hello.txt",
      checksum: md5("hello"),
      parts: null,
    });
    assert.equal("urls" in target, false);
    assert.equal(target.component_id, id);
    assert.equal(target.headers["Content-MD5"], md5("hello"));
    assert.match(target.headers["Content-Disposition"], /hello\.txt/);
    assert.equal(response.ok, true);
    assert.ok(!target.url.includes(server.key));
  });

  test("of several: numbered URLs and an upload id, completed by the parts' tags", async () => {
    const [component, bytes] = [uuid(), randomBytes(2500)];
    const [, target] = await session.call([
      operation.create("FileComponent", { id: component, name: "parts", file_type: ".bin" }),
      {
        action: "get_upload_metadata",
        component_id: component,
        file_name: "parts.bin",
        file_size: 2500,
        parts: 3,
      },
    ]);
    assert.equal(target.component_id, component);
    assert.deepEqual(target.urls.map(({ part_number: number }) => number), [1, 2, 3]);
    const parts = [];
    for (const { part_number: number, signed_url: url } of [...target.urls].reverse()) {
      const response = await fetch(url, {
        method: "PUT",
        body: bytes.subarray((number - 1) * 1000, number * 1000),
      });
      assert.equal(response.status, 200);
      parts.unshift({ part_number: number, e_tag: response.headers.get("etag").replaceAll('"', "") });
    }
    const [answer] = await session.call([
      {
        action: "complete_multipart_upload",
        component_id: component,
        upload_id: target.upload_id,
        parts,
      },
    ]);
    assert.equal(answer.action, "complete_multipart_upload");
    assert.equal(answer.component_id, component);
    const { bytes: back } = await download(session.getComponentUrl(component));
    assert.deepEqual(back, bytes);
  });

  test("a part that is missing or another's tag is refused", async () => {
    const component = uuid();
    const [, target] = await session.call([
      operation.create("FileComponent", { id: component, name: "parts", file_type: ".bin" }),
      {
        action: "get_upload_metadata",
        component_id: component,
        file_name: "parts.bin",
        file_size: 30,
        parts: 3,
      },
    ]);
    await fetch(target.urls[0].signed_url, { method: "PUT", body: "0123456789" });
    await assert.rejects(
      session.call([
        {
          action: "complete_multipart_upload",
          component_id: component,
          upload_id: target.upload_id,
          parts: [1, 2, 3].map((number) => ({ part_number: number, e_tag: "x" })),
        },
      ]),
    );
  });

  test("data that is not what its checksum says is refused", async () => {
    const { response, id } = await put(Buffer.from("hello"), { checksum: md5("other") });
    assert.equal(response.status >= 400, true);
    assert.equal((await fetch(session.getComponentUrl(id))).status >= 400, true);
  });

  test("a URL for one component is no URL for another", async () => {
    const { target } = await put(Buffer.from("mine"));
    const stolen = target.url.replace(target.component_id, uuid());
    assert.equal((await fetch(stolen, { method: "PUT", body: "theirs" })).status, 403);
  });
});

describe("downloads", () => {
  const bytes = Buffer.from("0123456789");
  let url;
  before(async () => {
    const [component] = await session.createComponent(new Blob([bytes]), { name: "digits.txt" });
    url = session.getComponentUrl(component.data.id);
  });

  for (const [range, status, text, said] of [
    ["bytes=0-3", 206, "0123", "bytes 0-3/10"],
    ["bytes=7-", 206, "789", "bytes 7-9/10"],
    ["bytes=-2", 206, "89", "bytes 8-9/10"],
    ["bytes=5-100", 206, "56789", "bytes 5-9/10"],
    ["bytes=0-0", 206, "0", "bytes 0-0/10"],
    ["bytes=10-", 416, null, "bytes */10"],
    ["lines=1-2", 200, "0123456789", null],
  ]) {
    test(`range ${range}`, async () => {
      const { response, bytes: back } = await download(url, { range });
      assert.equal(response.status, status);
      assert.equal(response.headers.get("content-range"), said);
      if (text !== null) assert.equal(back.toString(), text);
    });
  }

  test("without a range: whole, and ranges are offered", async () => {
    const { response, bytes: back } = await download(url);
    assert.equal(response.status, 200);
    assert.equal(response.headers.get("accept-ranges"), "bytes");
    assert.deepEqual(back, bytes);
  });

  test("HEAD tells the length alone", async () => {
    const response = await fetch(url, { method: "HEAD" });
    assert.equal(response.status, 200);
    assert.equal(response.headers.get("content-length"), "10");
  });

  test("what has not changed is not sent again", async () => {
    const { response } = await download(url);
    const again = await fetch(url, { headers: { "if-none-match": response.headers.get("etag") } });
    assert.equal(again.status, 304);
  });

  test("with the wrong key, or of nothing, is refused", async () => {
    const wrong = new URL(url);
    wrong.searchParams.set("apiKey", "wrong");
    assert.ok([401, 403].includes((await fetch(wrong)).status));
    assert.equal((await fetch(session.getComponentUrl(uuid()))).status, 404);
  });

  test("by the URL in a query, without a key", async () => {
    const component = new URL(url).searchParams.get("id");
    const [job] = (await session.call([operation.create("Job", { status: "done" })])).map(
      ({ data }) => data,
    );
    await session.create("JobComponent", { job_id: job.id, component_id: component });
    const [found] = await rows(
      session,
      `select job_components.url, job_components.component.component_locations.url from Job ` +
        `where id is ${job.id}`,
    );
    const [attachment] = found.job_components;
    const [place] = attachment.component.component_locations;
    for (const { url: signed } of [attachment.url, place.url]) {
      assert.ok(!signed.includes(server.key));
      assert.deepEqual((await download(signed)).bytes, bytes);
    }
  });

  test("thumbnails are images, with one for what has none", async () => {
    const placeholder = await fetch(session.thumbnailUrl(null));
    assert.equal(placeholder.status, 200);
    assert.match(placeholder.headers.get("content-type"), /^image\//);
    const none = await fetch(session.thumbnailUrl(uuid(), { size: 100 }));
    assert.ok(none.status === 404 || /^image\//.test(none.headers.get("content-type")));
  });

  test("removed data is gone", async () => {
    const { id } = await put(bytes);
    const query = new URL(session.getComponentUrl(id)).search;
    assert.equal((await fetch(session.getComponentUrl(id))).status, 200);
    assert.equal((await fetch(`${server.url}/component/remove${query}`)).ok, true);
    assert.equal((await fetch(session.getComponentUrl(id))).status >= 400, true);
  });

  test("a component that is deleted takes its data along", async () => {
    const [component] = await session.createComponent(new Blob([bytes]), { name: "digits.txt" });
    await session.delete("FileComponent", [component.data.id]);
    assert.equal((await fetch(session.getComponentUrl(component.data.id))).status, 404);
    const left = await rows(
      session,
      `select id from ComponentLocation where location_id is ${fixed.locations["ftrack.server"]} ` +
        `and component_id is ${component.data.id}`,
    );
    assert.deepEqual(left, []);
  });
});
