/* The event hub as the official Python client spells its packets: acknowledgements that it asks for,
 * heartbeats with a third colon, session headers, replies. */
import assert from "node:assert/strict";
import { after, afterEach, before, describe, test } from "node:test";
import { openSession, uuid } from "./support/client.mjs";
import { handshake, Packets } from "./support/packets.mjs";
import { startServer } from "./support/server.mjs";
import { makeUser } from "./support/studio.mjs";

/* A client closes after 15 s without a heartbeat. */
const HEARTBEAT_MAX_MS = 45_000; // they come every 10 s

let server;
let ada;
let open = [];
before(async () => {
  server = await startServer();
  ada = await makeUser(await openSession(server));
});
afterEach(async () => {
  await Promise.all(open.map((packets) => packets.close()));
  open = [];
});
after(() => server.stop());

async function connect(as = server) {
  const packets = await Packets.open({ url: server.url, user: as.user, key: as.key });
  open.push(packets);
  await packets.next(/^1::/);
  return packets;
}

const hubId = () => uuid().replaceAll("-", "");
const source = (id, user = server.user) => ({ id, user: { username: user }, host: "workstation" });
const envelope = (topic, data, options = {}) => ({
  id: hubId(),
  data,
  topic,
  sent: null,
  source: source("a-hub"),
  target: "",
  inReplyToEvent: null,
  ...options,
});

async function subscribe(packets, subscription, subscriber = { id: hubId() }, number = 1) {
  packets.event(envelope("ftrack.meta.subscribe", { subscriber, subscription }), number);
  return packets.next(new RegExp(`^6:::${number}\\+`));
}

const body = (packet) => JSON.parse(packet.slice(packet.indexOf("{")));
const acknowledgement = (packet) => JSON.parse(packet.slice(packet.indexOf("[")));

describe("the handshake", () => {
  test("answers four fields, the last of which offers websocket", async () => {
    const { status, text } = await handshake(server);
    assert.equal(status, 200);
    const fields = text.split(":");
    assert.equal(fields.length, 4);
    assert.match(fields[0], /^\S+$/);
    assert.ok(fields[3].split(",").includes("websocket"));
  });

  test("takes the credentials in the query, too", async () => {
    const query = new URLSearchParams({ api_user: server.user, api_key: server.key });
    const response = await fetch(`${server.url}/socket.io/1/?${query}`);
    assert.equal(response.status, 200);
  });

  test("refuses others with anything but 200", async () => {
    const wrong = await handshake(server, { "ftrack-user": server.user, "ftrack-api-key": "wrong" });
    assert.ok([401, 403].includes(wrong.status));
  });

  test("a session id that was never given opens nothing", async () => {
    await assert.rejects(Packets.open(server, "4d4f185e96a7b"));
  });
});

describe("rule 1: acknowledgements", () => {
  test("to every event with a number, one object with success", async () => {
    const packets = await connect();
    for (const [number, topic, data] of [
      [1, "ftrack.meta.subscribe", { subscriber: { id: "s" }, subscription: "topic=a" }],
      [2, "conformance.a", {}],
      [3, "ftrack.meta.unsubscribe", { subscriber: { id: "s" } }],
      [4, "ftrack.meta.unsubscribe", { subscriber: { id: "s" } }],
    ]) {
      packets.event(envelope(topic, data), number);
      const arguments_ = acknowledgement(await packets.next(new RegExp(`^6:::${number}\\+\\[`)));
      assert.equal(arguments_.length, 1);
      assert.equal(typeof arguments_[0].success, "boolean");
      if (number < 4) assert.equal(arguments_[0].success, true, topic);
    }
  });

  test("with success false and a message where the expression is wrong", async () => {
    const packets = await connect();
    const [answer] = acknowledgement(await subscribe(packets, "topic="));
    assert.equal(answer.success, false);
    assert.equal(typeof answer.message, "string");
    const [empty] = acknowledgement(await subscribe(packets, "", { id: "x" }, 2));
    assert.equal(empty.success, false);
  });

  test("none to an event without a number", async () => {
    const packets = await connect();
    packets.event(envelope("conformance.quiet", {}));
    packets.event(envelope("conformance.loud", {}), 7);
    await packets.next(/^6:::7\+/);
    assert.equal(packets.received.filter((packet) => packet.startsWith("6")).length, 1);
  });

  test("a subscription that comes twice is no error", async () => {
    const packets = await connect();
    const subscriber = { id: hubId() };
    const first = acknowledgement(await subscribe(packets, "topic=twice", subscriber, 1));
    const second = acknowledgement(await subscribe(packets, "topic=twice", subscriber, 2));
    assert.deepEqual([first[0].success, second[0].success], [true, true]);
    packets.event(envelope("twice", {}), 3);
    await packets.next(/^6:::3\+/);
    packets.event(envelope("end", {}), 4);
    await packets.next(/^6:::4\+/);
    assert.equal(packets.received.filter((packet) => packet.startsWith("5")).length, 1);
  });
});

describe("rules 2 and 3: events to clients", () => {
  test("have no number, one argument, and no key that Python does not know", async () => {
    const [mine, theirs] = [await connect(), await connect(ada)];
    await subscribe(theirs, "topic=conformance.form");
    const sent = envelope("conformance.form", { text: "ünï 映 🎬", list: [1, null, true, 1.5] });
    mine.event({ ...sent, surprise: 1 }, 1);
    const packet = await theirs.next(/^5:/);
    assert.match(packet, /^5:::\{/);
    const { name, args } = body(packet);
    assert.equal(name, "ftrack.event");
    assert.equal(args.length, 1);
    const known = ["topic", "id", "data", "sent", "source", "target", "inReplyToEvent"];
    for (const key of Object.keys(args[0])) assert.ok(known.includes(key), key);
    assert.deepEqual(args[0].data, sent.data);
    assert.equal(args[0].id, sent.id);
    assert.deepEqual({ ...args[0].source.user, id: null }, { username: server.user, id: null });
  });
});

describe("rule 4: heartbeats", () => {
  test("come in time, and are answered in either spelling", { timeout: 240_000 }, async () => {
    const [python, javascript] = [await connect(), await connect(ada)];
    await Promise.all(
      [python, javascript].map((packets) => packets.next(/^2::$/, HEARTBEAT_MAX_MS)),
    );
    python.send("2:::");
    javascript.send("2::");
    await subscribe(python, "topic=still.here");
    await subscribe(javascript, "topic=still.here");
  });
});

describe("rule 5: frames", () => {
  test("are text", async () => {
    const packets = await connect();
    await subscribe(packets, "topic=*");
    packets.event(envelope("conformance.text", {}), 2);
    await packets.next(/^5:/);
    for (const packet of packets.received) assert.equal(typeof packet, "string");
  });

  test("that make no sense harm nobody else", async () => {
    const healthy = await connect(ada);
    await subscribe(healthy, "topic=conformance.health");
    for (const nonsense of [
      "",
      "9:::",
      "5",
      "5:::",
      "5:::{",
      '5:::{"name":"ftrack.event"}',
      '5:::{"name":"ftrack.event","args":[]}',
      '5:::{"name":"ftrack.event","args":[7]}',
      '5:1+::{"name":"ftrack.event","args":[{"topic":7}]}',
      '5:2+::{"name":"ftrack.event","args":[{"topic":"ftrack.meta.subscribe","data":null}]}',
      '5:3+::{"name":"other","args":[{}]}',
      `5:::${"[".repeat(50_000)}`,
      "6:::1+[]",
      "x".repeat(10_000),
    ]) {
      const packets = await Packets.open(server);
      packets.send(nonsense);
      await Promise.race([packets.closed, packets.next(/^[67]/, 100).catch(() => {})]);
      packets.socket.terminate();
    }
    healthy.event(envelope("conformance.health", { well: true }), 9);
    const packet = await healthy.next(/^5:/);
    assert.deepEqual(body(packet).args[0].data, { well: true });
  });

  test("a disconnect packet closes the connection", async () => {
    const packets = await connect();
    packets.send("0::");
    await packets.closed;
  });
});

describe("subscriptions and replies", () => {
  for (const [subscription, expected] of [
    ["topic=conformance.x", true],
    ['topic="conformance.x"', true],
    ["topic = 'conformance.x'", true],
    ["topic=conformance.*", true],
    ["topic=*", true],
    ["topic=other", false],
    ["topic!=other", true],
    ["not topic=other", true],
    ["NOT topic=other AND topic=conformance.x", true],
    ["topic=conformance.x and data.key=value", true],
    ["topic=conformance.x and data.key=other", false],
    ["topic=conformance.x and data.inner.key=deep", true],
    ["topic=conformance.x and data.nothing=value", false],
    ["topic=conformance.x and data.nothing!=value", false],
    ["topic=conformance.x and (data.key=other or data.key=value)", true],
    ["topic=conformance.x and source.user.username=nobody", false],
    ["data.number=10", false],
  ]) {
    test(`${subscription}: ${expected ? "matches" : "does not match"}`, async () => {
      const packets = await connect();
      const [answer] = acknowledgement(await subscribe(packets, subscription));
      assert.equal(answer.success, true);
      packets.event(
        envelope("conformance.x", { key: "value", inner: { key: "deep" }, number: 10 }),
        2,
      );
      packets.event(envelope("end", {}), 3);
      await packets.next(/^6:::3\+/);
      const heard = packets.received.filter((packet) => packet.includes('"conformance.x"'));
      assert.equal(heard.length, expected ? 1 : 0);
    });
  }

  test("a reply reaches the hub that asked", async () => {
    const [asking, answering] = [await connect(), await connect(ada)];
    const [askId, answerId] = [hubId(), hubId()];
    await subscribe(asking, "topic=ftrack.meta.reply", { id: askId });
    await subscribe(answering, "topic=conformance.ask");
    await subscribe(answering, "topic=ftrack.meta.reply", { id: answerId }, 2);
    const question = envelope("conformance.ask", {}, { source: source(askId) });
    asking.event(question, 2);
    const [asked] = body(await answering.next(/^5:/)).args;
    for (const text of ["first", "second"]) {
      answering.event(
        envelope("ftrack.meta.reply", { text }, {
          target: `id=${asked.source.id}`,
          inReplyToEvent: asked.id,
          source: { ...source(answerId, ada.user), id: answerId },
        }),
        text === "first" ? 3 : 4,
      );
      const packet = await asking.next(new RegExp(`^5:.*"${text}"`));
      assert.equal(body(packet).args[0].inReplyToEvent, question.id);
    }
    const replies = answering.received.filter((packet) => packet.includes('"ftrack.meta.reply"'));
    assert.deepEqual(replies, []);
  });

  test("an event whose target cannot be read reaches nobody", async () => {
    const packets = await connect();
    await subscribe(packets, "topic=conformance.target");
    packets.event(envelope("conformance.target", {}, { target: "id=(" }), 2);
    packets.event(envelope("end", {}), 3);
    await packets.next(/^6:::3\+/);
    assert.equal(packets.received.filter((packet) => packet.startsWith("5")).length, 0);
  });

  test("reconnecting with a new session id subscribes anew", async () => {
    const first = await connect();
    const subscriber = { id: hubId() };
    await subscribe(first, "topic=conformance.again", subscriber);
    await first.close();
    const second = await connect();
    await subscribe(second, "topic=conformance.again", subscriber);
    second.event(envelope("conformance.again", {}), 2);
    await second.next(/^5:/);
  });
});
