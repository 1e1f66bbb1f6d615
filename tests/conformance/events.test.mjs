/* The event hub between two of the official clients: subscribe, publish, reply, targets, reconnect,
 * and the events that the server publishes itself. */
import assert from "node:assert/strict";
import { after, afterEach, before, describe, test } from "node:test";
import { ftrack, openSession, operation, rows, uuid, values } from "./support/client.mjs";
import { startServer } from "./support/server.mjs";
import { makeStudio, makeUser } from "./support/studio.mjs";

const WAIT_MS = 120_000;
const QUIET_MS = 300;
const CLIENT_TIMEOUT_MS = 30_000;

/* The client leaves a timer behind with every event; nobody shall wait for those at the end. */
const { setTimeout: plainSetTimeout } = globalThis;
globalThis.setTimeout = (callback, delay, ...rest) => {
  const timer = plainSetTimeout(callback, delay, ...rest);
  return delay >= CLIENT_TIMEOUT_MS ? timer.unref() : timer;
};

let server;
let session;
let me;
let ada;
let hubs = [];
before(async () => {
  server = await startServer();
  session = await openSession(server);
  ada = await makeUser(session);
  me = { user: server.user };
  [me.id] = await values(session, "id", `select id from User where username is ${server.user}`);
});
afterEach(() => {
  for (const hub of hubs) hub.disconnect();
  hubs = [];
});
after(() => server.stop());

const event = (topic, data = {}, options = {}) => new ftrack.Event(topic, data, options);
const topic = () => `conformance.${uuid().slice(0, 8)}`;
const pause = (ms) => new Promise((go) => plainSetTimeout(go, ms));

/* The client shares one connection among all sessions of a process with the same key, also after it
 * was closed; so every hub has a key of its own. */
async function newHub(who) {
  const [answer] = await session.call([
    { action: "reset_remote", reset_type: "api_key", entity_type: "User", entity_key: who.id },
  ]);
  const as = { user: who.user, key: answer.data.api_key };
  const { eventHub } = await openSession(server, { as });
  hubs.push(eventHub);
  eventHub.connect();
  return eventHub;
}

async function connect(who = me) {
  const hub = await newHub(who);
  await settled(hub);
  return hub;
}

function within(promise, what) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = plainSetTimeout(() => reject(new Error(`waited in vain for ${what}`)), WAIT_MS);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

/* Subscribes, and collects what comes. */
function listen(hub, subscription, metadata, reply = () => undefined) {
  const got = [];
  let wake = () => {};
  const id = hub.subscribe(
    subscription,
    (payload) => {
      got.push(payload);
      wake();
      return reply(payload);
    },
    metadata,
  );
  const until = (count) =>
    within(
      new Promise((done) => {
        wake = () => got.length >= count && done(got);
        wake();
      }),
      `event ${count} of ${subscription}`,
    );
  return { id, got, until };
}

/* Whatever a connection sent before, the server knows it when its own event comes back to it. */
async function settled(hub) {
  const probe = topic();
  const { id, until } = listen(hub, `topic=${probe}`);
  await hub.publish(event(probe), { timeout: 0 });
  await until(1);
  hub.unsubscribe(id);
}

describe("two clients", () => {
  test("one hears what the other publishes", async () => {
    const [mine, theirs] = [await connect(), await connect(ada)];
    const name = topic();
    const { until } = listen(theirs, `topic=${name}`);
    await settled(theirs);
    const id = await mine.publish(event(name, { answer: 42, text: "ünï 映 🎬" }));
    const [heard] = await until(1);
    assert.equal(heard.id, id);
    assert.equal(heard.topic, name);
    assert.deepEqual(heard.data, { answer: 42, text: "ünï 映 🎬" });
    assert.equal(heard.inReplyToEvent, null);
    assert.equal(heard.source.user.username, server.user);
    assert.equal(heard.source.applicationId, "ftrack.api.javascript");
    const allowed = ["data", "id", "inReplyToEvent", "sent", "source", "target", "topic"];
    for (const key of Object.keys(heard)) assert.ok(allowed.includes(key), key);
  });

  test("the server says who the publisher is", async () => {
    const [mine, theirs] = [await connect(), await connect(ada)];
    const name = topic();
    const { until } = listen(theirs, `topic=${name}`);
    await settled(theirs);
    await mine.publish(event(name));
    assert.equal((await until(1))[0].source.user.id, me.id);
  });

  test("the publisher hears itself", async () => {
    const mine = await connect();
    const name = topic();
    const { until } = listen(mine, `topic=${name}`);
    await mine.publish(event(name, { n: 1 }));
    assert.deepEqual((await until(1))[0].data, { n: 1 });
  });

  test("a wildcard hears all topics that begin so, and no others", async () => {
    const [mine, theirs] = [await connect(), await connect(ada)];
    const name = topic();
    const { got, until } = listen(theirs, `topic=${name}.*`);
    await settled(theirs);
    await mine.publish(event(`${name}.a`));
    await mine.publish(event(`other.${name}.b`));
    await mine.publish(event(`${name}.c`));
    await until(2);
    await settled(mine);
    await settled(theirs);
    assert.deepEqual(got.map((heard) => heard.topic), [`${name}.a`, `${name}.c`]);
  });

  test("one copy per connection, however many of its subscriptions match", async () => {
    const [mine, theirs] = [await connect(), await connect(ada)];
    const name = topic();
    let frames = 0;
    const count = ({ data }) => (frames += data.includes(name) && data.startsWith("5") ? 1 : 0);
    const first = listen(theirs, `topic=${name}`);
    const second = listen(theirs, `topic=${name}`);
    const third = listen(theirs, "topic=conformance.*");
    await settled(theirs);
    theirs._socketIo.webSocket.addEventListener("message", count);
    await mine.publish(event(name));
    await Promise.all([first, second, third].map(({ until }) => until(1)));
    await settled(theirs);
    assert.equal(frames, 1);
    assert.deepEqual([first, second].map(({ got }) => got.length), [1, 1]);
  });

  test("nothing after unsubscribing", async () => {
    const [mine, theirs] = [await connect(), await connect(ada)];
    const name = topic();
    const { id, got } = listen(theirs, `topic=${name}`);
    await settled(theirs);
    let frames = 0;
    theirs._socketIo.webSocket.addEventListener("message", ({ data }) => {
      frames += data.includes(name) ? 1 : 0;
    });
    assert.equal(theirs.unsubscribe(id), true);
    await settled(theirs);
    await mine.publish(event(name));
    await settled(mine);
    await settled(theirs);
    assert.deepEqual([got.length, frames], [0, 0]);
  });

  test("a thousand events arrive once each, in order", async () => {
    const [mine, theirs] = [await connect(), await connect(ada)];
    const name = topic();
    const { got, until } = listen(theirs, `topic=${name}`);
    await settled(theirs);
    for (let n = 0; n < 1000; n++) mine.publish(event(name, { n }));
    await until(1000);
    assert.deepEqual(got.map(({ data }) => data.n), Array.from({ length: 1000 }, (_, n) => n));
  });

  test("an event of a hundred kilobytes", async () => {
    const [mine, theirs] = [await connect(), await connect(ada)];
    const name = topic();
    const { until } = listen(theirs, `topic=${name}`);
    await settled(theirs);
    const text = "映".repeat(33_000);
    await mine.publish(event(name, { text }));
    assert.equal((await until(1))[0].data.text, text);
  });
});

describe("replies", () => {
  test("come to the publisher, and to nobody else", async () => {
    const [mine, theirs] = [await connect(), await connect(ada)];
    const name = topic();
    listen(theirs, `topic=${name}`, undefined, ({ data }) => ({ sum: data.a + data.b }));
    await settled(theirs);
    const others = listen(theirs, "topic=ftrack.meta.reply", { id: uuid() });
    await settled(theirs);
    const reply = await mine.publishAndWaitForReply(event(name, { a: 1, b: 2 }), { timeout: 120 });
    assert.deepEqual(reply.data, { sum: 3 });
    assert.equal(reply.topic, "ftrack.meta.reply");
    await settled(theirs);
    assert.equal(others.got.length, 0);
  });

  test("from every subscriber, on both sides", async () => {
    const [mine, theirs] = [await connect(), await connect(ada)];
    const name = topic();
    for (const [hub, who] of [[mine, "me"], [theirs, "first"], [theirs, "second"]]) {
      listen(hub, `topic=${name}`, undefined, () => ({ who }));
      await settled(hub);
    }
    const replies = [];
    await within(
      new Promise((done) => {
        mine.publish(event(name), {
          onReply: (reply) => replies.push(reply) === 3 && done(),
        });
      }),
      "three replies",
    );
    assert.deepEqual(replies.map(({ data }) => data.who).sort(), ["first", "me", "second"]);
  });

  test("that nobody sends are missed within the client's timeout", async () => {
    const mine = await connect();
    await assert.rejects(mine.publishAndWaitForReply(event(topic()), { timeout: 0.2 }), {
      name: "EventServerReplyTimeoutError",
    });
  });
});

describe("targets", () => {
  async function heard(target, metadata) {
    const [mine, theirs] = [await connect(), await connect(ada)];
    const name = topic();
    const { got } = listen(theirs, `topic=${name}`, metadata);
    await settled(theirs);
    await mine.publish(event(name, {}, { target }));
    await settled(mine);
    await settled(theirs);
    return got.length === 1;
  }

  const metadata = () => ({
    id: "the-subscriber",
    applicationId: "conformance.web",
    user: { id: "user-7", name: "Ada L" },
  });

  for (const [target, expected] of [
    ["", true],
    ["id=the-subscriber", true],
    ["id=another", false],
    ["id!=another", true],
    ["applicationId=conformance.web", true],
    ["applicationId=conformance.*", true],
    ['applicationId=conformance.web and user.id="user-7"', true],
    ['applicationId=conformance.web and user.id="user-8"', false],
    ["applicationId=nothing or user.id=user-7", true],
    ["not (applicationId=nothing or user.id=user-7)", false],
    ['user.name="Ada L"', true],
    ["no.such.key=x", false],
    ["no.such.key!=x", false],
  ]) {
    test(`${target || "none"}: ${expected ? "heard" : "not heard"}`, async () => {
      assert.equal(await heard(target, metadata()), expected);
    });
  }
});

describe("connections", () => {
  test("that break come back, with their subscriptions", async () => {
    const [mine, theirs] = [await connect(), await connect(ada)];
    const name = topic();
    const { got, until } = listen(theirs, `topic=${name}`);
    await settled(theirs);
    theirs._socketIo.webSocket.terminate();
    await within(
      (async () => {
        while (!theirs.isConnected()) await pause(50);
      })(),
      "the client to reconnect",
    );
    await settled(theirs);
    await mine.publish(event(name, { after: true }));
    await until(1);
    assert.deepEqual(got.map(({ data }) => data), [{ after: true }]);
  });

  test("hold what is published before they are made", async () => {
    const mine = await connect();
    const name = topic();
    const { until } = listen(mine, `topic=${name}`);
    await settled(mine);
    const late = await newHub(ada);
    assert.equal(late.isConnected(), false);
    await late.publish(event(name, { queued: true }));
    assert.deepEqual((await until(1))[0].data, { queued: true });
  });

  test("with a wrong key get no session", async () => {
    for (const query of [
      `api_user=${server.user}&api_key=wrong`,
      `api_user=nobody&api_key=${server.key}`,
      "",
    ]) {
      const response = await fetch(`${server.url}/socket.io/1/?${query}`);
      assert.ok([401, 403].includes(response.status), `${query}: ${response.status}`);
    }
  });

  test("without a session id of the server are refused", async () => {
    const response = await fetch(`${server.url}/socket.io/1/websocket/no-such-session`);
    assert.equal(response.status >= 400, true);
  });
});

describe("ftrack.update", () => {
  let studio;
  before(async () => (studio = await makeStudio(session)));

  async function updates(change) {
    const theirs = await connect(ada);
    const { got, until } = listen(theirs, "topic=ftrack.update");
    await settled(theirs);
    await change();
    await until(1);
    await settled(theirs);
    return got.map(({ data }) => data);
  }

  test("tells what was changed, by whom, and where it belongs", async () => {
    const task = studio.tasks["sq010/sh0010/lighting"];
    const [data] = await updates(() =>
      session.update("Task", [task.id], { name: "light" }, { pushToken: "push-1" }),
    );
    assert.equal(data.pushToken, "push-1");
    assert.equal(data.clientToken, session.clientToken);
    assert.equal(data.user.userid, me.id);
    const [entity] = data.entities;
    assert.deepEqual(
      {
        action: entity.action,
        entityId: entity.entityId,
        entityType: entity.entityType,
        entity_type: entity.entity_type,
        keys: entity.keys,
        changes: entity.changes,
        parentId: entity.parentId,
      },
      {
        action: "update",
        entityId: task.id,
        entityType: "task",
        entity_type: "Task",
        keys: ["name"],
        changes: { name: { old: "lighting", new: "light" } },
        parentId: task.parent_id,
      },
    );
    assert.deepEqual(
      entity.parents.map((parent) => [parent.entityId, parent.entityType, parent.entity_type]),
      [
        [task.id, "task", "Task"],
        [studio.shots["sq010/sh0010"].id, "task", "Shot"],
        [studio.sequences.sq010.id, "task", "Sequence"],
        [studio.project.id, "show", "Project"],
      ],
    );
  });

  test("spells changed attributes as classic servers do", async () => {
    const task = studio.tasks["sq010/sh0020/lighting"];
    const [status] = await rows(session, "select id from Status where name is Approved");
    const [data] = await updates(() =>
      session.update("Task", [task.id], { status_id: status.id }),
    );
    const entity = data.entities.find(({ entityId }) => entityId === task.id);
    assert.deepEqual(entity.keys, ["statusid"]);
    assert.equal(entity.changes.statusid.new, status.id);
  });

  test("tells additions and removals", async () => {
    const id = uuid();
    const { parent_id: parent } = studio.tasks["sq010/sh0010/animation"];
    const [added] = await updates(() =>
      session.create("Task", { id, name: "new", parent_id: parent }),
    );
    assert.deepEqual(
      added.entities.filter(({ entityId }) => entityId === id).map(({ action }) => action),
      ["add"],
    );
    const [removed] = await updates(() => session.delete("Task", [id]));
    assert.deepEqual(
      removed.entities.filter(({ entityId }) => entityId === id).map(({ action }) => action),
      ["remove"],
    );
  });

  test("nothing of a batch that failed", async () => {
    const theirs = await connect(ada);
    const { got } = listen(theirs, "topic=ftrack.update");
    await settled(theirs);
    const task = studio.tasks["sq010/sh0010/compositing"];
    await assert.rejects(
      session.call([
        operation.update("Task", [task.id], { name: "never" }),
        operation.update("Task", [uuid()], { name: "never" }),
      ]),
    );
    await pause(QUIET_MS);
    await settled(theirs);
    assert.equal(got.length, 0);
  });
});
