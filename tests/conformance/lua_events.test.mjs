/* The event hub between the official client and a script of ours: each publishes, hears and replies. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { after, before, describe, test } from "node:test";
import { ftrack, openSession, uuid } from "./support/client.mjs";
import { startServer } from "./support/server.mjs";

const PATIENCE_MS = 120_000;
const CLIENT_TIMEOUT_MS = 30_000;

/* The client leaves a timer behind with every event; nobody shall wait for those at the end. */
const { setTimeout: plainSetTimeout } = globalThis;
globalThis.setTimeout = (callback, delay, ...rest) => {
  const timer = plainSetTimeout(callback, delay, ...rest);
  return delay >= CLIENT_TIMEOUT_MS ? timer.unref() : timer;
};

const SCRIPT = `
local topic = ...
local session <close> = require "moonshift".session()
local hub = session.event_hub
hub:subscribe("topic=" .. topic .. ".question", function(event)
  print("asked by", event.source.applicationId, event.data.text)
  return { answer = event.data.n + 1, text = event.data.text }
end)
hub:subscribe("topic=" .. topic .. ".end", function() hub:disconnect() end)
hub:publish({ topic = topic .. ".from-lua", data = { list = { 1, 2 }, text = "ünï" } }, { on_reply = function(reply)
  print("replied", reply.data.from, reply.in_reply_to_event ~= nil)
end })
hub:wait()
print "end"
`;

let server;
let hub;
before(async () => {
  server = await startServer();
  ({ eventHub: hub } = await openSession(server));
  hub.connect();
});
after(async () => {
  hub.disconnect();
  await server.stop();
});

/* Runs the script; its lines come one by one. */
async function runScript(...args) {
  const path = join(server.folder, "listener.lua");
  await writeFile(path, SCRIPT);
  const child = spawn(process.env.MOONSHIFT_PROGRAM, ["run", path, ...args], {
    env: {
      ...process.env,
      FTRACK_SERVER: server.url,
      FTRACK_API_USER: server.user,
      FTRACK_API_KEY: server.key,
      XDG_CACHE_HOME: join(server.folder, "cache"),
      XDG_CONFIG_HOME: join(server.folder, "config"),
      XDG_STATE_HOME: join(server.folder, "state"),
    },
    stdio: ["ignore", "pipe", "inherit"],
  });
  const late = plainSetTimeout(() => child.kill("SIGKILL"), PATIENCE_MS);
  const exited = once(child, "exit").finally(() => clearTimeout(late));
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return { exited, line: async () => (await lines.next()).value };
}

/* The first event of a topic; it is answered with `reply`. */
function heard(topic, reply) {
  return new Promise((done) => {
    hub.subscribe(`topic=${topic}`, (event) => {
      done(event);
      return reply;
    });
  });
}

describe("a script in Lua and the official client", () => {
  test("hear and answer each other", async () => {
    const topic = `conformance.${uuid().slice(0, 8)}`;
    const probe = heard(`${topic}.probe`);
    const fromLua = heard(`${topic}.from-lua`, { from: "javascript" });
    await hub.publish(new ftrack.Event(`${topic}.probe`, {})); // the server knows of the subscriptions
    await probe;

    const { exited, line } = await runScript(topic);
    const event = await fromLua;
    assert.deepEqual(event.data, { list: [1, 2], text: "ünï" });
    assert.equal(event.source.user.username, server.user);
    assert.equal(await line(), "replied\tjavascript\ttrue");

    const question = new ftrack.Event(`${topic}.question`, { n: 41, text: "映 🎬" });
    const reply = await hub.publishAndWaitForReply(question, { timeout: PATIENCE_MS / 1000 });
    assert.deepEqual(reply.data, { answer: 42, text: "映 🎬" });
    assert.equal(await line(), "asked by\tftrack.api.javascript\t映 🎬");

    await hub.publish(new ftrack.Event(`${topic}.end`, {}));
    assert.equal(await line(), "end");
    assert.deepEqual(await exited, [0, null]);
  });
});
