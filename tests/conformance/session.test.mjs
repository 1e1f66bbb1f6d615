/* How a session begins: the first batch, the schema document and its hash, credentials, headers. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { after, before, describe, test } from "node:test";
import { ftrack, openSession, post, refused } from "./support/client.mjs";
import { schemaHash } from "./support/digest.mjs";
import { startServer } from "./support/server.mjs";
import { fixed } from "./support/studio.mjs";

let server;
before(async () => (server = await startServer()));
after(() => server.stop());

describe("a session", () => {
  test("begins with server information and schemas in one batch", async () => {
    const session = await openSession(server);
    assert.equal(session.initialized, true);
    assert.equal(await session.getServerVersion(), session.serverInformation.version);
    assert.deepEqual(await session.getSchemas(), session.schemas);
    assert.equal(session.schemas.length >= 116, true);
  });

  test("is told what clients need to know about the server", async () => {
    const { serverInformation: information } = await openSession(server);
    assert.match(information.version, /^(dev$|\d+\.\d+\.\d+)/);
    assert.match(information.schema_hash, /^[0-9a-f]{32}$/);
    assert.equal(information.is_timezone_support_enabled, true);
    assert.equal(information.is_nested_subqueries_enabled, true);
    assert.equal(typeof information.storage_scenario.scenario, "string");
    assert.notEqual(information.storage_scenario.scenario, "ftrack.centralized-storage");
    assert.equal(information.user_information.username, server.user);
  });

  test("may ask for some values only", async () => {
    const session = await openSession(server, { serverInformationValues: ["version"] });
    const names = Object.keys(session.serverInformation);
    assert.deepEqual(names.sort(), ["is_timezone_support_enabled", "version"]);
  });

  test("begins also where the server's URL ends with a slash, which the client keeps", async () => {
    const session = await openSession({ url: `${server.url}/`, user: server.user, key: server.key });
    assert.equal((await session.query("select name from Location")).data.length >= 5, true);
    const picture = await fetch(session.thumbnailUrl(null));
    await picture.arrayBuffer();
    assert.equal(picture.status, 200, picture.url);
  });

  for (const [what, as] of [
    ["a wrong key", () => ({ user: server.user, key: "no-such-key" })],
    ["an unknown user", () => ({ user: "nobody", key: server.key })],
  ]) {
    test(`is refused with ${what}`, async () => {
      await refused(openSession(server, { as: as() }), "ServerError", /key/i);
    });
  }

  test("is refused without saying which of user and key was wrong", async () => {
    const wrongKey = await post({ ...server, url: server.url, user: server.user, key: "x" }, []);
    const wrongUser = await post({ url: server.url, user: "nobody", key: server.key }, []);
    assert.equal(wrongKey.text, wrongUser.text);
    assert.equal(wrongKey.body.exception, "InvalidCredentialsError");
    assert.ok(!wrongKey.text.includes(server.key));
  });
});

describe("the schema document", () => {
  let schemas;
  let hash;
  before(async () => {
    const session = await openSession(server);
    ({ schemas } = session);
    hash = session.serverInformation.schema_hash;
  });
  const schema = (id) => schemas.find((candidate) => candidate.id === id);

  test("has the hash that clients compute", () => assert.equal(schemaHash(schemas), hash));

  test("has the hash that Python computes", async (t) => {
    const { text } = await post(server, [{ action: "query_schemas" }]);
    const program =
      "import hashlib, json, sys; schemas = json.load(sys.stdin)[0]; " +
      "print(hashlib.md5(json.dumps(schemas, sort_keys=True).encode()).hexdigest())";
    const python = spawnSync("python3", ["-c", program], { input: text, encoding: "utf8" });
    if (python.error) return t.skip("no python3 here");
    assert.equal(python.stdout.trim(), hash);
  });

  test("names each type once, with a primary key of its own properties", () => {
    assert.equal(new Set(schemas.map(({ id }) => id)).size, schemas.length);
    for (const { id, type, primary_key: key, properties } of schemas) {
      assert.equal(type, "object", id);
      assert.ok(key.length > 0, id);
      for (const name of key) assert.ok(properties[name], `${id}.${name}`);
    }
  });

  test("has relations to types that it describes", () => {
    const ids = new Set(schemas.map(({ id }) => id));
    for (const { id, properties } of schemas) {
      for (const [name, fragment] of Object.entries(properties)) {
        const target = fragment.$ref ?? fragment.items?.$ref;
        if (target) assert.ok(ids.has(target), `${id}.${name} -> ${target}`);
        if (fragment.type === "array") assert.ok(fragment.items.$ref, `${id}.${name}`);
        if (fragment.type === "mapped_array") assert.ok(fragment.items.$ref, `${id}.${name}`);
      }
    }
  });

  test("spells the facts that clients read", () => {
    assert.deepEqual(schema("JobComponent").primary_key, ["component_id", "job_id"]);
    assert.deepEqual(schema("Metadata").primary_key, ["parent_id", "key"]);
    assert.deepEqual(schema("Job").properties.status.enum, ["queued", "running", "done", "failed"]);
    assert.equal(schema("Job").properties.type.default, "api_job");
    assert.equal(schema("Task").properties.id.default, "{uid}");
    assert.deepEqual(schema("Task").alias_for, {
      id: "Task",
      classifiers: { object_typeid: fixed.objectTypes.Task },
    });
    assert.equal(schema("Project").alias_for, "Show");
    assert.deepEqual(schema("Task").properties.metadata, {
      type: "mapped_array",
      alias_for: "meta",
      items: { $ref: "Metadata" },
      key_value_attributes: { key: "key", value: "value" },
    });
    const { properties } = schema("User");
    const defaults = Object.keys(properties).filter((name) => "default" in properties[name]);
    assert.deepEqual(defaults.sort(), ["id", "resource_type"]);
  });

  test("lets the client identify entities", async () => {
    const session = await openSession(server);
    assert.deepEqual(session.getPrimaryKeyAttributes("NoteLabelLink"), ["note_id", "label_id"]);
    const [location] = (await session.query("Location limit 1")).data;
    assert.equal(session.getIdentifyingKey(location), `Location,${location.id}`);
  });
});

describe("what is there from the start", () => {
  let session;
  before(async () => (session = await openSession(server)));

  test("locations under the ids that clients know", async () => {
    const { data } = await session.query("select id, name from Location");
    const found = Object.fromEntries(data.map(({ id, name }) => [name, id]));
    assert.deepEqual({ ...fixed.locations, ...found }, { ...found, ...fixed.locations });
    assert.equal(ftrack.SERVER_LOCATION_ID, found["ftrack.server"]);
  });

  test("object types and a priority under their ids", async () => {
    for (const [type, id] of Object.entries(fixed.objectTypes)) {
      const { data } = await session.query(`select name from ObjectType where id is ${id}`);
      assert.equal(data[0]?.name.replaceAll(" ", ""), type);
    }
    assert.equal((await session.query(`Priority where id is "${fixed.priority}"`)).data.length, 1);
  });

  const statuses = (type, typeId) =>
    ftrack.projectSchema
      .getStatuses(session, fixed.projectSchema, type, typeId)
      .then((list) => list.map(({ name }) => name).sort());

  for (const [type, expected] of [
    ["Task", ["Approved", "Awaiting approval", "In progress", "Not started"]],
    ["AssetVersion", ["Approved", "Pending"]],
    ["Shot", ["Normal", "Omitted", "On Hold"]],
    ["AssetBuild", ["Normal", "Omitted", "On Hold"]],
  ]) {
    test(`the statuses of ${type} in the VFX scheme, found by the client's own way`, async () => {
      assert.deepEqual(await statuses(type), expected);
    });
  }

  test("task statuses for a type without an override of its own", async () => {
    const [type] = (await session.query("Type where name is Lighting")).data;
    assert.equal((await statuses("Task", type.id)).length > 0, true);
  });

  test("categories for notes and lists", async () => {
    const [category] = (await session.query("select id, name from NoteCategory")).data;
    const [label] = (await session.query(`NoteLabel where id is ${category.id}`)).data;
    assert.equal(label.id, category.id);
    assert.equal((await session.query("ListCategory")).data.length > 0, true);
  });
});

describe("headers of a request", () => {
  test("a push token that is undefined counts as none", async () => {
    const session = await openSession(server);
    const [answer] = await session.call([{ action: "query", expression: "Location limit 1" }]);
    assert.equal(answer.data.length, 1);
  });

  test("denormalised answers repeat entities, normalised ones may not", async () => {
    const session = await openSession(server, { ensureSerializableResponse: true });
    const expression =
      "select name, object_type_schemas.project_schema_id, object_types.name from ProjectSchema";
    const { data } = await session.query(`${expression} limit 1`);
    assert.doesNotThrow(() => JSON.stringify(data));
    assert.equal(data[0].object_types.length > 0, true);
    for (const type of data[0].object_types) assert.equal(typeof type.name, "string");
  });

  test("a preflight of a browser is answered, with credentials", async () => {
    const headers = [
      "content-type",
      "ftrack-api-key",
      "ftrack-api-options",
      "ftrack-clienttoken",
      "ftrack-pushtoken",
      "ftrack-strict-api",
      "ftrack-user",
    ];
    const response = await fetch(`${server.url}/api`, {
      method: "OPTIONS",
      headers: {
        origin: "https://studio.example",
        "access-control-request-method": "POST",
        "access-control-request-headers": headers.join(","),
      },
    });
    assert.equal(response.ok, true);
    assert.equal(response.headers.get("access-control-allow-origin"), "https://studio.example");
    assert.equal(response.headers.get("access-control-allow-credentials"), "true");
    assert.match(response.headers.get("access-control-allow-methods"), /\bPOST\b.*\bPUT\b/);
    const allowed = response.headers.get("access-control-allow-headers").toLowerCase();
    for (const header of headers) assert.ok(allowed.split(/,\s*/).includes(header), header);
  });

  test("the answer itself lets the page's origin in", async () => {
    const { headers } = await post(server, [], { origin: "https://studio.example" });
    assert.equal(headers.get("access-control-allow-origin"), "https://studio.example");
    assert.equal(headers.get("access-control-allow-credentials"), "true");
    assert.match(headers.get("access-control-expose-headers"), /\bETag\b/i);
  });
});

describe("another start on the same data", () => {
  test("knows users, keys and entities, and is as ready as the first", async () => {
    const before = await openSession(server);
    const { data: scope } = await before.create("Scope", { name: "kept" });
    const hash = before.serverInformation.schema_hash;
    await server.restart();
    const after = await openSession(server);
    assert.equal(after.serverInformation.schema_hash, hash);
    const { data } = await after.query(`select name from Scope where id is ${scope.id}`);
    assert.equal(data[0].name, "kept");
    assert.equal((await after.query("Location")).data.length, Object.keys(fixed.locations).length);
  });
});
