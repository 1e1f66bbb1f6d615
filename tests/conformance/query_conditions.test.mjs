/* Conditions of queries: every operator, by its names, against the same question asked of the studio
 * that the suite made. A row is {condition, which tasks it finds}. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { ftrack, openSession, refused, rows, values } from "./support/client.mjs";
import { startServer } from "./support/server.mjs";
import { fixed, makeStudio, makeUser, makeVersions } from "./support/studio.mjs";

let server;
let session;
let studio;
let tasks;
before(async () => {
  server = await startServer();
  session = await openSession(server);
  studio = await makeStudio(session);
  tasks = Object.entries(studio.tasks).map(([path, task]) => ({
    ...task,
    path,
    sequence: path.split("/")[0],
    shot: path.split("/")[1],
  }));
});
after(() => server.stop());

const sorted = (list) => [...list].sort();

/* The paths of the tasks of this studio that a condition finds. */
async function find(condition) {
  const found = await rows(
    session,
    `select name, parent.name, parent.parent.name from Task ` +
      `where project_id is ${studio.project.id} and (${condition})`,
  );
  return sorted(found.map((task) => `${task.parent.parent.name}/${task.parent.name}/${task.name}`));
}

function check(cases) {
  for (const [condition, expected] of cases) {
    const name = typeof condition === "function" ? expected.title : condition;
    test(name, async () => {
      const text = typeof condition === "function" ? condition() : condition;
      assert.deepEqual(await find(text), sorted(tasks.filter(expected).map(({ path }) => path)));
    });
  }
}

/* A condition that needs to know the studio's ids; its title is what the report shows. */
const titled = (title, expected) => Object.assign(expected, { title });

describe("comparisons of text", () => {
  check([
    ['name = "lighting"', (task) => task.name === "lighting"],
    ["name = 'lighting'", (task) => task.name === "lighting"],
    ["name=lighting", (task) => task.name === "lighting"],
    ['name is "lighting"', (task) => task.name === "lighting"],
    ["name is lighting", (task) => task.name === "lighting"],
    ['name is "LIGHTING"', (task) => task.name === "lighting"],
    ['name != "lighting"', (task) => task.name !== "lighting"],
    ['name is_not "lighting"', (task) => task.name !== "lighting"],
    ['name like "%ing"', (task) => task.name !== "animation"],
    ['name like "light%"', (task) => task.name === "lighting"],
    ['name like "l_ghting"', (task) => task.name === "lighting"],
    ['name like "lighting"', (task) => task.name === "lighting"],
    ['name like "LIGHT%"', (task) => task.name === "lighting"],
    ['name not_like "%ing"', (task) => task.name === "animation"],
    ['name > "b"', (task) => task.name > "b"],
    ['name >= "lighting"', (task) => task.name >= "lighting"],
    ['name < "b"', (task) => task.name < "b"],
    ['name <= "compositing"', (task) => task.name <= "compositing"],
  ]);
});

describe("comparisons of numbers", () => {
  check([
    ["bid is 3600.5", (task) => task.bid === 3600.5],
    ['bid is "3600.5"', (task) => task.bid === 3600.5],
    ["bid = 0", (task) => task.bid === 0],
    ["bid != 0", (task) => task.bid !== 0],
    ["bid > 3600", (task) => task.bid > 3600],
    ["bid greater_than 3600.5", (task) => task.bid > 3600.5],
    ["bid < 3600.5", (task) => task.bid < 3600.5],
    ["bid less_than 3600.5", (task) => task.bid < 3600.5],
    ["bid >= 3600.5", (task) => task.bid >= 3600.5],
    ["bid <= 3600.5", (task) => task.bid <= 3600.5],
    ["bid > -1", () => true],
    ["bid in (0, 7201)", (task) => task.bid !== 3600.5],
  ]);
});

describe("comparisons of dates", () => {
  const day = (task) => Number(task.start_date.slice(8, 10));
  check([
    ['start_date is "2026-02-02T10:00:00"', (task) => day(task) === 2],
    ['start_date is "2026-02-02 10:00:00"', (task) => day(task) === 2],
    ['start_date is_not "2026-02-02 10:00:00"', (task) => day(task) !== 2],
    ['start_date > "2026-02-02"', (task) => day(task) >= 2],
    ['start_date after "2026-02-02T10:00:00"', (task) => day(task) > 2],
    ["start_date after 2026-02-03", (task) => day(task) >= 3],
    ['start_date before "2026-02-02T10:00:00"', (task) => day(task) < 2],
    ['start_date < "2026-02-02"', (task) => day(task) < 2],
    ['start_date >= "2026-02-02 10:00:00"', (task) => day(task) >= 2],
    ['start_date <= "2026-02-02T10:00:00Z"', (task) => day(task) <= 2],
    ['start_date is "2026-02-02T12:00:00+02:00"', (task) => day(task) === 2],
    ['start_date is "2026-02-02T10:00:00.000Z"', (task) => day(task) === 2],
    ["start_date is_not none", () => true],
    ["end_date is none", () => true],
  ]);
});

describe("nothing", () => {
  const none = (task) => task.description === null;
  const some = (task) => task.description !== null;
  check([
    ["description is none", none],
    ["description is None", none],
    ["description = none", none],
    ["description is_not none", some],
    ["description is_not None", some],
    ["description != none", some],
    ["not description is none", some],
    ["parent_id is_not none", () => true],
    ["thumbnail_id is none", () => true],
    ["thumbnail is none", () => true],
    ["parent is_not none", () => true],
  ]);
});

describe("lists of values", () => {
  check([
    ["name in (lighting, animation)", (task) => task.name !== "compositing"],
    ["name in (lighting,animation)", (task) => task.name !== "compositing"],
    ['name in ("lighting", "animation")', (task) => task.name !== "compositing"],
    ['name in ("lighting")', (task) => task.name === "lighting"],
    ["name not_in (lighting, animation)", (task) => task.name === "compositing"],
    ["not name in (lighting)", (task) => task.name !== "lighting"],
    [
      () => `id in (${Object.values(studio.tasks).map(({ id }) => id)})`,
      titled("id in (every id, unquoted, without blanks)", () => true),
    ],
    [
      () => `parent_id in ("${studio.shots["sq010/sh0010"].id}")`,
      titled('parent_id in ("…")', (task) => task.path.startsWith("sq010/sh0010/")),
    ],
  ]);

  test("five thousand ids", async () => {
    const ids = Array.from({ length: 5000 }, (_, index) => `no-such-id-${index}`);
    const [some] = Object.values(studio.tasks);
    const found = await rows(session, `select id from Task where id in (${[...ids, some.id]})`);
    assert.deepEqual(found.map(({ id }) => id), [some.id]);
  });
});

describe("subqueries", () => {
  const inShot = (shot) => (task) => task.shot === shot;
  check([
    ["parent_id in (select id from Shot where name is sh0010)", inShot("sh0010")],
    ["parent_id not_in (select id from Shot where name is sh0010)", inShot("sh0020")],
    ["parent.id in (select id from Shot where name is sh0010)", inShot("sh0010")],
    [
      "parent_id in (select id from Shot where parent_id in " +
        "(select id from Sequence where name is sq020) and name is sh0010)",
      (task) => task.sequence === "sq020" && task.shot === "sh0010",
    ],
    ["name in (select name from Task where name like 'light%')", (task) => task.name === "lighting"],
  ]);
});

describe("and, or, not and parentheses", () => {
  check([
    ["name is lighting and bid > 0", (task) => task.name === "lighting"],
    ["name is lighting or name is animation", (task) => task.name !== "compositing"],
    ["not name is lighting", (task) => task.name !== "lighting"],
    ["not (name is lighting or name is animation)", (task) => task.name === "compositing"],
    ["not not name is lighting", (task) => task.name === "lighting"],
    [
      "name is animation or name is lighting and parent.name is sh0010",
      (task) => task.name === "animation" || (task.name === "lighting" && task.shot === "sh0010"),
    ],
    [
      "(name is animation or name is lighting) and parent.name is sh0010",
      (task) => task.name !== "compositing" && task.shot === "sh0010",
    ],
    [
      "not name is animation and not name is lighting or bid is 0",
      (task) => task.name === "compositing" || task.name === "animation",
    ],
    ["(((name is lighting)))", (task) => task.name === "lighting"],
    ['(name is "lighting"and bid > 0)', (task) => task.name === "lighting"],
  ]);

  test("keywords may be written large", async () => {
    const found = await find("name IS lighting AND NOT bid IS 0 OR name IN (animation)");
    assert.equal(found.length, 8);
  });
});

describe("relations", () => {
  check([
    ['parent.name is "sh0010"', (task) => task.shot === "sh0010"],
    ['parent.parent.name is "sq020"', (task) => task.sequence === "sq020"],
    ["project.status is active", () => true],
    ["status.name is_not none", () => true],
    ["status.state.short is NOT_STARTED", () => true],
    ['object_type.name is "Task"', () => true],
    ['object_type.name is "task"', () => true],
    ['parent has (name is "sh0010")', (task) => task.shot === "sh0010"],
    [
      'parent has (name is "sh0010" and parent has (name is "sq010"))',
      (task) => task.shot === "sh0010" && task.sequence === "sq010",
    ],
    ['not parent has (name is "sh0010")', (task) => task.shot !== "sh0010"],
    ["parent has ()", () => true],
    ["thumbnail has ()", () => false],
    ['parent[Shot].parent[Sequence].name is "sq010"', (task) => task.sequence === "sq010"],
    ['parent[TypedContext] has (project.name like "film%")', () => true],
    ["parent[Sequence] has ()", () => false],
    ['ancestors any (name is "sq010")', (task) => task.sequence === "sq010"],
    ["children any ()", () => false],
    ["not children any ()", () => true],
  ]);

  test("any asks for one element that meets all, a path for one each", async () => {
    const shots = (condition) =>
      values(
        session,
        "id",
        `select id from Shot where project_id is ${studio.project.id} and ${condition}`,
      );
    assert.equal((await shots("children[Task] any (name is lighting and bid is 0)")).length, 0);
    assert.equal((await shots("children[Task] any (name is lighting and bid > 0)")).length, 4);
    assert.equal((await shots("children.name is lighting")).length, 4);
    assert.equal((await shots("children[Task].bid is 0 and children.name is lighting")).length, 4);
    assert.equal((await shots("children[Task] any (bid is 0)")).length, 4);
    assert.equal((await shots("not children any (name is roto)")).length, 4);
  });

  test("through collections of collections", async () => {
    const found = await values(
      session,
      "name",
      `select name from Sequence where project_id is ${studio.project.id} and ` +
        `children.children.name is lighting and name is sq010`,
    );
    assert.deepEqual(found, ["sq010"]);
  });

  test("a base type finds all its kinds under their own names", async () => {
    const found = await rows(
      session,
      `select name from TypedContext where project_id is ${studio.project.id}`,
    );
    const count = (type) => found.filter((row) => row.__entity_type__ === type).length;
    assert.deepEqual([count("Sequence"), count("Shot"), count("Task")], [2, 4, 12]);
    const contexts = await rows(session, `select id from Context where id is ${studio.project.id}`);
    assert.equal(contexts[0].__entity_type__, "Project");
  });
});

describe("booleans", () => {
  let ada;
  before(async () => {
    ada = await makeUser(session);
    await session.update("User", [ada.id], { is_active: false });
  });
  const active = (condition) =>
    values(session, "username", `select username from User where ${condition}`);

  for (const word of ["true", "True", '"true"', "TRUE"]) {
    test(`is_active is ${word}`, async () => {
      const found = await active(`is_active is ${word}`);
      assert.deepEqual([found.includes(server.user), found.includes(ada.user)], [true, false]);
    });
  }
  for (const condition of ["is False", "= false", "is_not True", "!= true"]) {
    test(`is_active ${condition}`, async () => {
      assert.deepEqual(await active(`is_active ${condition}`), [ada.user]);
    });
  }
});

describe("quoting", () => {
  const awkward = [
    'double " quote',
    "single ' quote",
    "both \" and '",
    "back\\slash",
    "100% of it",
    "under_score",
    "a, b (c) and d",
    "ünïcödé 映像 🎬",
    "curly { braces } {0}",
    "line\nbreak\ttab",
    "'; drop table context; --",
  ];
  for (const text of awkward) {
    test(`finds ${JSON.stringify(text)} and nothing else`, async () => {
      await session.create("Scope", { name: text });
      const query = ftrack.expression`select name from Scope where name is "${text}"`;
      assert.deepEqual(await values(session, "name", query), [text]);
    });
  }

  test("per cent and underscore are literal behind a backslash", async () => {
    await session.create("Scope", { name: "100x of it" });
    const found = (pattern) =>
      values(session, "name", `select name from Scope where name like "${pattern}"`);
    assert.deepEqual(sorted(await found("100_ of%")), ["100% of it", "100x of it"]);
    assert.deepEqual(await found("100\\% of%"), ["100% of it"]);
  });
});

describe("links, lists and versions", () => {
  test("versions of tasks, by number and by asset", async () => {
    const shot = studio.shots["sq010/sh0010"];
    const { asset } = await makeVersions(session, shot.id, 3, "conditions");
    const find = (condition) =>
      values(
        session,
        "version",
        `select version from AssetVersion where asset_id is ${asset} and ${condition} order by version`,
      );
    assert.deepEqual(await find("version > 1"), [2, 3]);
    assert.deepEqual(await find("asset.parent.name is sh0010"), [1, 2, 3]);
    assert.deepEqual(await find(`asset.parent.project_id is ${studio.project.id}`), [1, 2, 3]);
    assert.deepEqual(await find("asset has (name is conditions) and version < 3"), [1, 2]);
    assert.deepEqual(await find("is_latest_version is true"), [3]);
    assert.deepEqual(await find("task_id is none"), [1, 2, 3]);
  });
});

describe("what is wrong with an expression is told", () => {
  for (const [expression, pattern] of [
    ["select nam from Task", /nam/],
    ["select name from Taks", /Taks/],
    ["Task where", /./],
    ["Task where name", /./],
    ["Task where name is", /./],
    ["Task where name resembles x", /resembles/],
    ['Task where name is "unfinished', /./],
    ["Task where (name is x", /./],
    ["Task where name is x)", /./],
    ["Task where name in ()", /./],
    ["Task where parent.project.name is x", /No attribute 'project' exists for schema 'Context'/],
    ["Task where name.x is y", /./],
    ["Task where children any (bid is 0)", /No attribute 'bid' exists for schema 'Context'/],
    ["Task where parent[User].username is x", /User/],
    ["select custom_attribute_links from Task", /./],
    ["select name from Task order by nam", /nam/],
    ["Task limit -1", /./],
    ["Task limit many", /many/],
    ["Task limit 1 limit 2", /./],
    ["Task where bid is many", /many/],
    ['Task where start_date > "soon"', /soon/],
    ["select from Task", /./],
    ["", /./],
    [`Task where ${"(".repeat(2000)}name is x${")".repeat(2000)}`, /./],
  ]) {
    test(JSON.stringify(expression.slice(0, 60)), async () => {
      await refused(session.query(expression), "ServerError", pattern);
    });
  }

  test("a misspelt name comes with the nearest right one", async () => {
    await refused(session.query("select usrname from User"), "ServerError", /username/);
    await refused(session.query("AssetVerson"), "ServerError", /AssetVersion/);
  });

  test("with no braces, which clients would take for a format", async () => {
    await assert.rejects(session.query("Task where {0} is {name}"), (error) => {
      assert.doesNotMatch(error.message, /[{}]/);
      return true;
    });
  });

  test("the server goes on", async () => {
    assert.equal((await rows(session, `Location where id is ${fixed.locations["ftrack.server"]}`)).length, 1);
  });
});
