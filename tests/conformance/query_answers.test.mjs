/* What queries answer: projections of every kind, order, pages, aggregates, the forms of values. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { openSession, operation, post, refused, rows, uuid, values } from "./support/client.mjs";
import { startServer } from "./support/server.mjs";
import { fixed, makeStudio, makeVersions } from "./support/studio.mjs";

let server;
let session;
let studio;
before(async () => {
  server = await startServer();
  session = await openSession(server);
  studio = await makeStudio(session);
});
after(() => server.stop());

const inProject = () => `where project_id is ${studio.project.id}`;

describe("projections", () => {
  test("a scalar comes with key, type and system projections", async () => {
    const task = studio.tasks["sq010/sh0010/lighting"];
    const { body } = await post(server, [operation.query(`select name from Task where id is ${task.id}`)]);
    assert.deepEqual(body[0].data, [
      {
        __entity_type__: "Task",
        id: task.id,
        name: "lighting",
        context_type: "task",
        object_type_id: fixed.objectTypes.Task,
        project_id: studio.project.id,
      },
    ]);
    assert.equal(body[0].action, "query");
  });

  test("strict answers hold what was asked for", async () => {
    const task = studio.tasks["sq010/sh0010/lighting"];
    const { body } = await post(
      server,
      [operation.query(`select name from Task where id is ${task.id}`)],
      { "ftrack-api-options": "strict=True;denormalize=True" },
    );
    assert.equal(body[0].data[0].name, "lighting");
    assert.equal("context_type" in body[0].data[0], false);
  });

  test("without a select, the default projections", async () => {
    const [task] = await rows(session, `Task ${inProject()} and name is lighting limit 1`);
    assert.equal(task.name, "lighting");
    assert.equal(task.context_type, "task");
    assert.equal(typeof task.id, "string");
  });

  test("a nested reference carries what was asked of it", async () => {
    const task = studio.tasks["sq020/sh0010/animation"];
    const [found] = await rows(
      session,
      `select name, parent.name, parent.parent.name, project.full_name, status.state.name ` +
        `from Task where id is ${task.id}`,
    );
    assert.equal(found.parent.__entity_type__, "Shot");
    assert.equal(found.parent.name, "sh0010");
    assert.equal(found.parent.parent.__entity_type__, "Sequence");
    assert.equal(found.parent.parent.name, "sq020");
    assert.equal(found.project.full_name, studio.project.full_name);
    assert.equal(typeof found.status.state.name, "string");
  });

  test("a bare reference is an entity with its key, or null", async () => {
    const task = studio.tasks["sq020/sh0010/animation"];
    const [found] = await rows(
      session,
      `select parent, thumbnail, status from Task where id is ${task.id}`,
    );
    assert.equal(found.parent.__entity_type__, "Shot");
    assert.equal(found.parent.id, task.parent_id);
    assert.equal(found.thumbnail, null);
    assert.equal(typeof found.status.id, "string");
  });

  test("a collection, bare and nested", async () => {
    const shot = studio.shots["sq010/sh0020"];
    const [bare] = await rows(session, `select children from Shot where id is ${shot.id}`);
    const [nested] = await rows(
      session,
      `select children.name, children[Task].status.name from Shot where id is ${shot.id}`,
    );
    assert.equal(bare.children.length, 3);
    for (const child of bare.children) assert.equal(child.__entity_type__, "Task");
    assert.deepEqual(nested.children.map(({ name }) => name).sort(), [
      "animation",
      "compositing",
      "lighting",
    ]);
    for (const child of nested.children) assert.equal(typeof child.status.name, "string");
  });

  test("collections of collections", async () => {
    const [project] = await rows(
      session,
      `select children.children.children.name, children.children.children[Task].bid from Project ` +
        `where id is ${studio.project.id}`,
    );
    const tasks = project.children.flatMap((sequence) =>
      sequence.children.flatMap((shot) => shot.children),
    );
    assert.equal(tasks.length, 12);
    assert.deepEqual([...new Set(tasks.map(({ bid }) => bid))].sort((a, b) => a - b), [
      0, 3600.5, 7201,
    ]);
  });

  test("an empty collection is an empty list", async () => {
    const [task] = await rows(session, `select children, notes from Task ${inProject()} limit 1`);
    assert.deepEqual([task.children, task.notes], [[], []]);
  });

  test("casts reach what only the subtype has", async () => {
    const task = studio.tasks["sq010/sh0010/lighting"];
    const [found] = await rows(
      session,
      `select parent[Shot].status.name, parent[TypedContext].project.name from Task ` +
        `where id is ${task.id}`,
    );
    assert.equal(typeof found.parent.status.name, "string");
    assert.equal(found.parent.project.name, studio.project.name);
    await refused(session.query("select parent.project.name from Task"), "ServerError", /project/);
  });

  test("blanks and line breaks do not matter", async () => {
    const found = await rows(
      session,
      `select name ,\n  parent.name\nfrom   Task\n${inProject()}\n  and name = lighting\nlimit 1`,
    );
    assert.equal(found[0].name, "lighting");
  });

  test("every attribute of every type can be selected by itself", async () => {
    const attributes = session.schemas.flatMap(({ id, properties }) =>
      Object.entries(properties)
        .filter(([, fragment]) => fragment.type || fragment.$ref)
        .filter(([name]) => !name.startsWith("custom_attribute_links"))
        .map(([name]) => `select ${name} from ${id} limit 1`),
    );
    const answers = await session.call(attributes.map(operation.query));
    assert.equal(answers.length, attributes.length);
    for (const { metadata } of answers) assert.ok(metadata);
  });

  test("what only a subtype has is answered where its base is asked, or is no attribute there", async () => {
    const schemas = new Map(session.schemas.map((schema) => [schema.id, schema]));
    const baseOf = (schema) => schemas.get(schema.$mixin?.$ref);
    const attributes = [];
    for (const schema of session.schemas)
      for (let base = baseOf(schema); base; base = baseOf(base))
        for (const name of Object.keys(schema.properties))
          if (!(name in base.properties) && !name.startsWith("custom_attribute_links"))
            attributes.push(`select ${name} from ${base.id} limit 1`);
    assert.ok(attributes.length > 100, `${attributes.length}`);
    for (const expression of new Set(attributes)) {
      const { body } = await post(server, [operation.query(expression)]);
      if (!Array.isArray(body)) assert.match(body.content, /^No attribute/, expression);
    }
  });

  test("a value of a custom attribute tells its key under the name of the base, too", async () => {
    const [key, owner] = [`k${uuid()}`, studio.tasks["sq010/sh0010/lighting"].id];
    const [kind] = await rows(session, "select id from CustomAttributeType where name is text");
    const { data: made } = await session.create("CustomAttributeConfiguration", {
      key,
      label: key,
      entity_type: "task",
      type_id: kind.id,
      config: "{}",
    });
    await session.update("ContextCustomAttributeValue", [made.id, owner], { value: "set" });
    const found = await rows(session, `select key, value from CustomAttributeValue where key is ${key}`);
    assert.deepEqual(found.map(({ key, value, entity_id }) => [key, value, entity_id]), [
      [key, "set", owner],
    ]);
  });

  test("all attributes of a task at once, null where there is nothing", async () => {
    const names = Object.keys(session.getSchema("Task").properties).filter(
      (name) => !name.startsWith("custom_attribute_links"),
    );
    const [task] = await rows(session, `select ${names} from Task ${inProject()} limit 1`);
    for (const name of names) assert.notEqual(task[name], undefined, name);
  });

  test("link leads from the project to the entity", async () => {
    const task = studio.tasks["sq010/sh0010/lighting"];
    const [found] = await rows(session, `select link from Task where id is ${task.id}`);
    assert.deepEqual(
      found.link.map(({ name, type }) => [name, type]),
      [
        [studio.project.name, "Project"],
        ["sq010", "Sequence"],
        ["sh0010", "Shot"],
        ["lighting", "Task"],
      ],
    );
    assert.equal(found.link[0].id, studio.project.id);
    assert.equal(found.link.at(-1).id, task.id);
  });
});

describe("values", () => {
  test("date-times are naive, in UTC, and the client's moments are exact", async () => {
    const task = studio.tasks["sq010/sh0010/lighting"];
    const query = operation.query(`select start_date from Task where id is ${task.id}`);
    const { body } = await post(server, [query]);
    assert.deepEqual(body[0].data[0].start_date, {
      __type__: "datetime",
      value: "2026-02-02T10:00:00",
    });
    const [answer] = await session.call([query]);
    assert.equal(answer.data[0].start_date.toISOString(), "2026-02-02T10:00:00.000Z");
    const [iso] = await session.call([query], { decodeDatesAsIso: true });
    assert.equal(iso.data[0].start_date, "2026-02-02T10:00:00.000Z");
  });

  test("numbers, booleans, text", async () => {
    const [task] = await rows(
      session,
      `select bid, description from Task ${inProject()} and name is lighting limit 1`,
    );
    assert.equal(task.bid, 3600.5);
    const [user] = await rows(session, `select is_active from User where username is ${server.user}`);
    assert.equal(user.is_active, true);
  });

  test("text of every plane of Unicode comes back as it went", async () => {
    const name = 'ü 映 🎬 "quoted" \\ / \u0001 \u2028 end';
    const { data } = await session.create("Scope", { name });
    assert.equal(data.name, name);
    assert.deepEqual(await values(session, "name", `select name from Scope where id is ${data.id}`), [name]);
  });
});

describe("order", () => {
  const named = (text) => values(session, "name", `select name from Task ${inProject()} ${text}`);

  test("one attribute, both ways, by each word", async () => {
    const up = await named("order by name");
    assert.deepEqual(up, [...up].sort());
    assert.deepEqual(await named("order by name asc"), up);
    assert.deepEqual(await named("order by name ascending"), up);
    assert.deepEqual(await named("order by name desc"), [...up].reverse());
    assert.deepEqual(await named("order by name descending"), [...up].reverse());
  });

  test("several attributes, through relations", async () => {
    const found = await rows(
      session,
      `select name, parent.name, parent.parent.name from Task ${inProject()} ` +
        `order by parent.parent.name desc, parent.name, bid desc`,
    );
    const paths = found.map((task) => `${task.parent.parent.name}/${task.parent.name}/${task.name}`);
    assert.deepEqual(paths.slice(0, 4), [
      "sq020/sh0010/compositing",
      "sq020/sh0010/lighting",
      "sq020/sh0010/animation",
      "sq020/sh0020/compositing",
    ]);
  });

  test("dates and numbers by value, not by their text", async () => {
    const bids = await values(session, "bid", `select bid from Task ${inProject()} order by bid desc`);
    assert.deepEqual(bids, [...bids].sort((a, b) => b - a));
  });

  test("without one it is the same from page to page", async () => {
    const all = await values(session, "id", `select id from Task ${inProject()}`);
    const pages = [];
    for (let offset = 0; offset < 12; offset += 5) {
      pages.push(
        ...(await values(session, "id", `select id from Task ${inProject()} offset ${offset} limit 5`)),
      );
    }
    assert.deepEqual(pages, all);
  });
});

describe("pages", () => {
  const page = async (text) => {
    const answer = await session.query(`select name from Task ${inProject()} order by id ${text}`);
    return [answer.data.length, answer.metadata.next.offset ?? null];
  };

  for (const [text, expected] of [
    ["", [12, null]],
    ["limit 5", [5, 5]],
    ["offset 5 limit 5", [5, 10]],
    ["limit 5 offset 5", [5, 10]],
    [" offset 10  limit 5", [2, null]],
    ["offset 12 limit 5", [0, null]],
    ["limit 12", [12, null]],
    ["offset 6 limit 6", [6, null]],
    ["limit 1", [1, 1]],
    ["limit 0", [0, null]],
    ["offset 3", [9, null]],
    ["LIMIT 2", [2, 2]],
  ]) {
    test(`${text || "neither limit nor offset"}: ${expected[0]} rows, next ${expected[1]}`, async () => {
      const [count, next] = await page(text);
      assert.equal(count, expected[0]);
      if (text !== "limit 0") assert.equal(next, expected[1]);
    });
  }
});

describe("aggregates", () => {
  const call = async (expression) => {
    const [answer] = await session.call([operation.query(expression)], {
      ensureSerializableResponse: true,
    });
    return answer.data;
  };

  test("count by group", async () => {
    const found = await call(
      `select count(id), name from Task ${inProject()} group by name order by name`,
    );
    assert.deepEqual(
      found.map(({ name, count_id: count }) => [name, count]),
      [
        ["animation", 4],
        ["compositing", 4],
        ["lighting", 4],
      ],
    );
  });

  test("sum, avg, min and max", async () => {
    const [found] = await call(
      `select sum(bid), avg(bid), min(bid), max(bid), project_id from Task ${inProject()} ` +
        `group by project_id`,
    );
    assert.deepEqual(
      [found.sum_bid, found.avg_bid, found.min_bid, found.max_bid],
      [43206, 3600.5, 0, 7201],
    );
    assert.equal(found.project_id, studio.project.id);
  });
});

describe("one batch", () => {
  test("shares entities between its answers, as the client merges them", async () => {
    const shot = studio.shots["sq010/sh0010"];
    const [named, described] = await session.call([
      operation.query(`select name from Shot where id is ${shot.id}`),
      operation.query(`select description from Shot where id is ${shot.id}`),
    ]);
    assert.equal(named.data[0], described.data[0]);
    assert.equal(named.data[0].description, shot.description);
  });

  test("an entity that occurs twice is the same object, whole", async () => {
    const { asset, versions } = await makeVersions(session, studio.shots["sq010/sh0010"].id, 3);
    const found = await rows(
      session,
      `select version, asset.name, asset.versions.version from AssetVersion ` +
        `where asset_id is ${asset} order by version`,
    );
    assert.deepEqual(found.map(({ id }) => id), versions);
    assert.equal(found[0].asset, found[2].asset);
    assert.deepEqual(found[0].asset.versions.map(({ version }) => version).sort(), [1, 2, 3]);
    assert.equal(found[1].asset.name, "render");
  });

  test("later queries see earlier writes", async () => {
    const id = uuid();
    const [, found, , gone] = await session.call([
      operation.create("Scope", { id, name: "brief" }),
      operation.query(`select name from Scope where id is ${id}`),
      operation.delete("Scope", [id]),
      operation.query(`select name from Scope where id is ${id}`),
    ]);
    assert.deepEqual([found.data.length, gone.data.length], [1, 0]);
  });
});
