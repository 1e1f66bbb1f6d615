/* Errors: one JSON object for the whole batch, HTTP 200 unless the client is strict, JSON whatever
 * was sent. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { openSession, operation, post, refused, uuid } from "./support/client.mjs";
import { startServer } from "./support/server.mjs";

let server;
let session;
before(async () => {
  server = await startServer();
  session = await openSession(server);
});
after(() => server.stop());

const strict = { "ftrack-strict-api": "true" };
const query = (text) => [operation.query(text)];

function checkShape({ body, headers }) {
  assert.match(headers.get("content-type"), /^application\/json/);
  assert.equal(Array.isArray(body), false);
  assert.equal(typeof body.exception, "string");
  assert.equal(typeof body.content, "string");
  assert.ok(body.content.length > 0);
  assert.ok("error_code" in body);
  assert.doesNotMatch(body.content, /[{}]/, "clients format the text");
}

const wrong = [
  ["a query that cannot be read", () => query("select x from Nothing"), "ParseError"],
  ["an unknown attribute", () => query("select nam from Task"), "ParseError"],
  ["a value that does not fit", () => [operation.create("Job", { status: "bored" })], "ValidationError"],
  ["a duplicate", () => [operation.create("User", { username: server.user })], "DuplicateEntryError"],
  ["a reference to nothing", () => [operation.create("Job", { user_id: uuid() })], "IntegrityError"],
];

describe("an error", () => {
  for (const [what, operations, exception] of wrong) {
    test(`${what}: ${exception}, with HTTP 200`, async () => {
      const answer = await post(server, operations());
      checkShape(answer);
      assert.equal(answer.status, 200);
      assert.equal(answer.body.exception, exception);
    });

    test(`${what}, strict: the same with a 4xx status`, async () => {
      const answer = await post(server, operations(), strict);
      checkShape(answer);
      assert.ok(answer.status >= 400 && answer.status < 500, String(answer.status));
      assert.equal(answer.body.exception, exception);
    });
  }

  test("bad credentials, strict: 401 or 403", async () => {
    const answer = await post({ ...server, url: server.url, user: server.user, key: "x" }, [], strict);
    checkShape(answer);
    assert.ok([401, 403].includes(answer.status));
  });

  test("no credentials at all", async () => {
    const response = await fetch(`${server.url}/api`, { method: "POST", body: "[]" });
    checkShape({ body: await response.json(), headers: response.headers });
  });

  test("strict sessions of the official client get the same errors", async () => {
    const strictSession = await openSession(server, { strictApi: true });
    await refused(strictSession.query("select nam from Task"), "ServerError", /nam/);
    await refused(
      strictSession.create("Job", { status: "bored" }),
      "ServerValidationError",
      /bored/,
    );
  });

  test("one wrong operation is the error of the whole batch", async () => {
    const answer = await post(server, [...query("Location"), ...query("Nothing")]);
    checkShape(answer);
  });
});

describe("a body that is no batch", () => {
  for (const body of [
    "",
    "[",
    "{}",
    "null",
    '"query"',
    "[1,]",
    '[{"action": "query", "expression": "Location"}',
    '[{"action": "query", "expression": "Location"}] trailing',
    "\u0000",
    "[".repeat(100_000),
    '[{"action": "query", "expression": "\ud800"}]',
    "<html></html>",
  ]) {
    test(JSON.stringify(body.slice(0, 40)), async () => checkShape(await post(server, body)));
  }

  test("bytes that are no UTF-8", async () => {
    const response = await fetch(`${server.url}/api`, {
      method: "POST",
      headers: { "ftrack-user": server.user, "ftrack-api-key": server.key },
      body: Buffer.from('[{"action":"query","expression":"\xff\xfe"}]', "latin1"),
    });
    checkShape({ body: await response.json(), headers: response.headers });
  });
});

describe("elsewhere", () => {
  test("an unknown path is JSON, too", async () => {
    const response = await fetch(`${server.url}/no/such/path`);
    assert.equal(response.status, 404);
    checkShape({ body: await response.json(), headers: response.headers });
  });

  test("a wrong method is refused with the right ones", async () => {
    const response = await fetch(`${server.url}/api`);
    assert.equal(response.status, 405);
    assert.match(response.headers.get("allow"), /POST/);
  });

  test("the server still answers", async () => {
    assert.equal((await session.query("Location")).data.length >= 5, true);
  });
});
