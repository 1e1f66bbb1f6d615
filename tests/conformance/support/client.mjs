/* The official client, as npm installed it below MOONSHIFT_CONFORMANCE_MODULES, and the bare request
 * that lies under it. */
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { createRequire } from "node:module";

const folder = process.env.MOONSHIFT_CONFORMANCE_MODULES;
assert.ok(folder, "MOONSHIFT_CONFORMANCE_MODULES names the folder that holds node_modules");
const require = createRequire(`${folder}/`);

export const ftrack = require("@ftrack/api");
export const WebSocket = require("ws");
export const { operation } = ftrack;

/* The client logs every error that it passes on; the tests expect some. */
require("loglevel").getLogger("ftrack_api").setLevel("silent");

/* A session that has begun. `as` takes the user and key of somebody else. */
export async function openSession(server, { as = server, ...options } = {}) {
  return new ftrack.Session(server.url, as.user, as.key, options).initializing;
}

export function credentials({ user, key }) {
  return { "ftrack-user": user, "ftrack-api-key": key };
}

/* POST /api as no client would spell it: the status, the headers and the decoded body. */
export async function post(server, body, headers = {}) {
  const response = await fetch(`${server.url}/api`, {
    method: "POST",
    headers: { "content-type": "application/json", ...credentials(server), ...headers },
    body: typeof body === "string" ? body : JSON.stringify(body),
  });
  const text = await response.text();
  return { status: response.status, headers: response.headers, text, body: JSON.parse(text) };
}

export const uuid = randomUUID;

/* The rows that an expression finds. */
export async function rows(session, expression) {
  return (await session.query(expression)).data;
}

/* The one value per row that an expression finds, in order. */
export async function values(session, attribute, expression) {
  return (await rows(session, expression)).map((row) => row[attribute]);
}

/* Fails unless `promise` is refused with an error of this name, whose message matches. */
export async function refused(promise, name, pattern) {
  await assert.rejects(promise, (error) => {
    assert.equal(error.name, name, error.stack);
    if (pattern) assert.match(error.message, pattern);
    return true;
  });
}
