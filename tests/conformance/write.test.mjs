/* Creating, updating and deleting: defaults that the server fills in, references and collections,
 * batches that happen as a whole or not at all, deletions that take along what belongs. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { openSession, operation, post, refused, rows, uuid, values } from "./support/client.mjs";
import { startServer } from "./support/server.mjs";
import { fixed, makeStudio, makeUser, makeVersions } from "./support/studio.mjs";

let server;
let session;
let studio;
let me;
before(async () => {
  server = await startServer();
  session = await openSession(server);
  studio = await makeStudio(session);
  [me] = await rows(session, `select id from User where username is ${server.user}`);
});
after(() => server.stop());

const shot = () => studio.shots["sq010/sh0010"];
/* Less than time zones differ. */
const recent = (moment) => Math.abs(moment.valueOf() - Date.now()) < 900_000;
const count = async (type, condition) =>
  (await rows(session, `select id from ${type} where ${condition}`)).length;
const notFound = (type, id) => values(session, "id", `select id from ${type} where id is ${id}`);

describe("create", () => {
  test("answers the entity with its key and what was given", async () => {
    const id = uuid();
    const { action, data } = await session.create("Scope", { id, name: "assets" });
    assert.equal(action, "create");
    assert.deepEqual(data, { __entity_type__: "Scope", id, name: "assets" });
  });

  test("makes the key where the client gives none", async () => {
    const { data } = await session.create("Scope", { name: "keyless" });
    assert.match(data.id, /^[0-9a-f]{8}(-?[0-9a-f]{4}){3}-?[0-9a-f]{12}$/);
    assert.equal(await count("Scope", `id is ${data.id}`), 1);
  });

  test("a user without a name gets one of his own", async () => {
    const [first, second] = await session.call([
      operation.create("User", { id: uuid() }),
      operation.create("User", { id: uuid() }),
    ]);
    const names = await values(
      session,
      "username",
      `select username from User where id in (${first.data.id}, ${second.data.id})`,
    );
    assert.equal(names.length, 2);
    assert.notEqual(names[0], names[1]);
    for (const name of names) assert.ok(name.length > 0);
  });

  test("a job is queued, of type api_job, and dated", async () => {
    const { data } = await session.create("Job", { user_id: me.id });
    const [job] = await rows(
      session,
      `select status, type, created_at, finished_at, data from Job where id is ${data.id}`,
    );
    assert.deepEqual([job.status, job.type, job.finished_at], ["queued", "api_job", null]);
    assert.ok(recent(job.created_at));
  });

  for (const status of ["done", "failed"]) {
    test(`a job that becomes ${status} is finished, one that runs again is not`, async () => {
      const finished = async (id) =>
        (await values(session, "finished_at", `select finished_at from Job where id is ${id}`))[0];
      const { data: job } = await session.create("Job", { user_id: me.id, status: "running" });
      assert.equal(await finished(job.id), null);
      await session.update("Job", [job.id], { status });
      assert.ok(recent(await finished(job.id)));
    });
  }

  test("a job's data is text, kept as it is", async () => {
    const data = JSON.stringify({ description: "Render", keys: [1, { a: null }] });
    const { data: job } = await session.create("Job", { user_id: me.id, data });
    assert.deepEqual(await values(session, "data", `select data from Job where id is ${job.id}`), [data]);
  });

  test("versions of an asset are numbered from one, in and across batches", async () => {
    const { asset, versions } = await makeVersions(session, shot().id, 2);
    const { data } = await session.create("AssetVersion", { asset_id: asset });
    const numbers = await values(
      session,
      "version",
      `select version from AssetVersion where asset_id is ${asset} order by version`,
    );
    assert.deepEqual(numbers, [1, 2, 3]);
    const [last] = await rows(
      session,
      `select is_latest_version, user_id, date, status.name from AssetVersion where id is ${data.id}`,
    );
    assert.equal(last.is_latest_version, true);
    assert.equal(last.user_id, me.id);
    assert.ok(recent(last.date));
    assert.equal(typeof last.status.name, "string");
    const [asked] = await rows(session, `select latest_version.version from Asset where id is ${asset}`);
    assert.equal(asked.latest_version.version, 3);
    assert.equal(versions.includes(data.id), false);
  });

  test("tasks get status, type, priority and project from where they are made", async () => {
    const { data } = await session.create("Task", { name: "bare", parent_id: shot().id });
    const [task] = await rows(
      session,
      `select status.name, type.name, priority_id, project_id, bid, object_type_id, created_by_id, ` +
        `created_at from Task where id is ${data.id}`,
    );
    assert.equal(typeof task.status.name, "string");
    assert.equal(typeof task.type.name, "string");
    assert.equal(task.priority_id, fixed.priority);
    assert.equal(task.project_id, studio.project.id);
    assert.equal(task.object_type_id, fixed.objectTypes.Task);
    assert.equal(task.created_by_id, me.id);
    assert.equal(task.bid, 0);
    assert.ok(recent(task.created_at));
  });

  test("a reference and its foreign key may come together or alone", async () => {
    const parent = { __entity_type__: "Shot", id: shot().id };
    for (const given of [{ parent }, { parent_id: shot().id }, { parent, parent_id: shot().id }]) {
      const { data } = await session.create("Task", { name: "referred", ...given });
      const [found] = await rows(session, `select parent.name from Task where id is ${data.id}`);
      assert.equal(found.parent.name, shot().name);
    }
  });

  test("dates of every form that the client accepts", async () => {
    for (const date of [
      new Date("2026-03-04T05:06:07Z"),
      "2026-03-04T05:06:07Z",
      "2026-03-04T05:06:07.000Z",
      "2026-03-04T07:06:07+02:00",
    ]) {
      const { data } = await session.create("Task", {
        name: "dated",
        parent_id: shot().id,
        end_date: date,
      });
      const [found] = await values(session, "end_date", `select end_date from Task where id is ${data.id}`);
      assert.equal(found.toISOString(), "2026-03-04T05:06:07.000Z");
    }
  });

  test("text that looks like a date stays text, though the client sends it typed", async () => {
    const { data } = await session.create("Scope", { name: "2026-03-04T05:06:07.000Z" });
    const [name] = await values(session, "name", `select name from Scope where id is ${data.id}`);
    assert.match(name, /^2026-03-04T05:06:07/);
  });

  test("ensure creates once, then finds, then updates", async () => {
    const username = `ensured_${uuid().slice(0, 8)}`;
    const created = await session.ensure("User", { username, email: "a@b.example" }, ["username"]);
    const found = await session.ensure("User", { username }, ["username"]);
    const updated = await session.ensure("User", { username, email: "c@d.example" }, ["username"]);
    assert.equal(found.id, created.id);
    assert.equal(updated.id, created.id);
    const emails = await values(session, "email", `select email from User where username is ${username}`);
    assert.deepEqual(emails, ["c@d.example"]);
  });
});

describe("update", () => {
  test("changes what was given and answers with the key", async () => {
    const { data: scope } = await session.create("Scope", { name: "before" });
    const { action, data } = await session.update("Scope", [scope.id], { name: "after" });
    assert.equal(action, "update");
    assert.deepEqual(data, { __entity_type__: "Scope", id: scope.id, name: "after" });
  });

  test("takes a bare key in place of a list", async () => {
    const { data: scope } = await session.create("Scope", { name: "before" });
    await session.update("Scope", scope.id, { name: "bare" });
    assert.equal(await count("Scope", `id is ${scope.id} and name is bare`), 1);
  });

  test("to null", async () => {
    const task = studio.tasks["sq010/sh0010/animation"];
    await session.update("Task", [task.id], { description: null, end_date: null });
    assert.equal(await count("Task", `id is ${task.id} and description is none`), 1);
  });

  test("by a reference", async () => {
    const { data: task } = await session.create("Task", { name: "moving", parent_id: shot().id });
    const other = studio.shots["sq020/sh0020"];
    await session.update("Task", [task.id], { parent: { __entity_type__: "Shot", id: other.id } });
    assert.deepEqual(
      await values(session, "parent_id", `select parent_id from Task where id is ${task.id}`),
      [other.id],
    );
  });

  test("under the name of a base type", async () => {
    const { data: task } = await session.create("Task", { name: "typed", parent_id: shot().id });
    await session.update("TypedContext", [task.id], { name: "retyped" });
    assert.equal(await count("Task", `id is ${task.id} and name is retyped`), 1);
  });

  test("a change of status leaves a trace", async () => {
    const task = studio.tasks["sq020/sh0010/lighting"];
    const [status] = await rows(session, "select id from Status where name is Approved");
    await session.update("Task", [task.id], { status_id: status.id });
    const changes = await rows(
      session,
      `select status_id, from_status_id, user_id from StatusChange where parent_id is ${task.id}`,
    );
    assert.equal(changes.at(-1).status_id, status.id);
    assert.equal(changes.at(-1).user_id, me.id);
  });
});

describe("delete", () => {
  test("answers true and is gone", async () => {
    const { data: scope } = await session.create("Scope", { name: "gone" });
    assert.deepEqual(await session.delete("Scope", [scope.id]), { action: "delete", data: true });
    assert.deepEqual(await notFound("Scope", scope.id), []);
  });

  test("of what is gone already does no harm", async () => {
    assert.equal((await session.delete("Scope", [uuid()])).data, true);
  });

  test("takes a bare key, and keys of two parts", async () => {
    const { data: scope } = await session.create("Scope", { name: "gone" });
    await session.delete("Scope", scope.id);
    const task = studio.tasks["sq010/sh0010/lighting"];
    await session.create("Metadata", {
      parent_id: task.id,
      parent_type: "Task",
      key: "gone",
      value: "1",
    });
    await session.delete("Metadata", [task.id, "gone"]);
    const found = await rows(
      session,
      `select key from Metadata where parent_id is ${task.id} and key is gone`,
    );
    assert.equal(found.length, 0);
  });

  test("a task takes notes, timelogs, assets and versions along", async () => {
    const { data: task } = await session.create("Task", { name: "owner", parent_id: shot().id });
    const { asset, versions } = await makeVersions(session, task.id, 2);
    const note = uuid();
    const timelog = uuid();
    await session.call([
      operation.create("Note", { id: note, content: "hi", user_id: me.id, parent_id: task.id, parent_type: "task" }),
      operation.create("Timelog", { id: timelog, user_id: me.id, context_id: task.id, duration: 60 }),
      operation.create("Note", { content: "reply", user_id: me.id, in_reply_to_id: note }),
    ]);
    await session.delete("Task", [task.id]);
    assert.deepEqual(await notFound("Note", note), []);
    assert.equal(await count("Note", `in_reply_to_id is ${note}`), 0);
    assert.deepEqual(await notFound("Timelog", timelog), []);
    assert.deepEqual(await notFound("Asset", asset), []);
    for (const id of versions) assert.deepEqual(await notFound("AssetVersion", id), []);
  });

  test("a project takes its whole tree along", async () => {
    const other = await makeStudio(session);
    await session.delete("Project", [other.project.id]);
    assert.equal(await count("TypedContext", `project_id is ${other.project.id}`), 0);
    assert.deepEqual(await notFound("Project", other.project.id), []);
    assert.equal(await count("Task", `project_id is ${studio.project.id}`) >= 12, true);
  });

  test("a user with timers, notes and roles can go", async () => {
    const ada = await makeUser(session);
    const task = studio.tasks["sq010/sh0020/lighting"];
    const note = uuid();
    await session.call([
      operation.create("Timer", { user_id: ada.id, context_id: task.id }),
      operation.create("Note", { id: note, content: "x", user_id: me.id, parent_id: task.id, parent_type: "task" }),
      operation.create("Recipient", { note_id: note, resource_id: ada.id }),
    ]);
    await session.delete("User", [ada.id]);
    assert.equal((await rows(session, `select resource_id from Recipient where resource_id is ${ada.id}`)).length, 0);
    assert.equal(await count("Note", `id is ${note}`), 1);
  });

  test("a location goes after its component locations, in one batch", async () => {
    const [location, component, place] = [uuid(), uuid(), uuid()];
    await session.call([
      operation.create("Location", { id: location, name: `disk_${location}` }),
      operation.create("FileComponent", { id: component, name: "x", file_type: ".exr" }),
      operation.create("ComponentLocation", {
        id: place,
        component_id: component,
        location_id: location,
        resource_identifier: "/x.exr",
      }),
    ]);
    await session.call([
      operation.delete("ComponentLocation", [place]),
      operation.delete("Location", [location]),
    ]);
    assert.deepEqual(await notFound("Location", location), []);
  });
});

describe("a batch happens as a whole or not at all", () => {
  test("an error at its end undoes its beginning", async () => {
    const id = uuid();
    await assert.rejects(
      session.call([
        operation.create("Scope", { id, name: "undone" }),
        operation.update("Scope", [uuid()], { name: "no such" }),
      ]),
    );
    assert.deepEqual(await notFound("Scope", id), []);
  });

  test("so does an unknown action, or a query that cannot be read", async () => {
    for (const last of [{ action: "no_such_action" }, operation.query("select x from Nothing")]) {
      const id = uuid();
      await assert.rejects(session.call([operation.create("Scope", { id, name: "undone" }), last]));
      assert.deepEqual(await notFound("Scope", id), []);
    }
  });

  test("updates and deletions are undone, too", async () => {
    const { data: scope } = await session.create("Scope", { name: "kept" });
    await assert.rejects(
      session.call([
        operation.update("Scope", [scope.id], { name: "changed" }),
        operation.delete("Scope", [scope.id]),
        operation.update("Scope", [uuid()], { name: "no such" }),
      ]),
    );
    assert.equal(await count("Scope", `id is ${scope.id} and name is kept`), 1);
  });

  test("operations may refer to what comes later in it", async () => {
    const [parent, child] = [uuid(), uuid()];
    await session.call([
      operation.create("Task", {
        id: child,
        name: "early",
        parent_id: parent,
        project_id: studio.project.id,
      }),
      operation.create("Shot", { id: parent, name: "late", parent_id: studio.sequences.sq010.id }),
    ]);
    assert.equal(await count("Task", `id is ${child} and parent.name is late`), 1);
  });

  test("a reference to nothing is refused, by name and value", async () => {
    const nobody = uuid();
    await refused(
      session.create("Task", { name: "orphan", parent_id: shot().id, status_id: nobody }),
      "ServerError",
      new RegExp(nobody),
    );
  });

  test("an empty batch is an empty answer", async () => {
    assert.deepEqual(await session.call([]), []);
  });

  test("five hundred operations of all kinds answer in order", async () => {
    const ids = Array.from({ length: 100 }, uuid);
    const answers = await session.call(
      ids.flatMap((id, index) => [
        operation.create("Scope", { id, name: `scope ${index}` }),
        operation.update("Scope", [id], { name: `scope ${index}b` }),
        operation.query(`select name from Scope where id is ${id}`),
        operation.delete("Scope", [id]),
        operation.query(`select name from Scope where id is ${id}`),
      ]),
    );
    assert.deepEqual(
      answers.map(({ action }) => action),
      ids.flatMap(() => ["create", "update", "query", "delete", "query"]),
    );
    ids.forEach((id, index) => {
      assert.equal(answers[index * 5 + 2].data[0].name, `scope ${index}b`);
      assert.equal(answers[index * 5 + 4].data.length, 0);
    });
  });
});

describe("what the data model refuses", () => {
  const cases = [
    ["an unknown entity type", () => session.create("Taks", { name: "x" }), "ServerValidationError", /Taks.*Task/],
    ["an unknown attribute", () => session.create("Task", { nam: "x" }), "ServerValidationError", /'nam'.*'name'/],
    ["a status that a job cannot have", () => session.create("Job", { user_id: me.id, status: "bored" }), "ServerValidationError", /bored/],
    ["text for a number", () => session.create("Task", { name: "x", parent_id: shot().id, bid: "many" }), "ServerValidationError", /bid/],
    ["a missing required value", () => session.create("Disk", {}), "ServerValidationError", /name/],
    ["an update of nothing", () => session.update("Scope", [uuid()], { name: "x" }), "ServerValidationError", /Scope/],
    ["an update under another type", () => session.update("Shot", [studio.tasks["sq010/sh0010/lighting"].id], { name: "x" }), "ServerValidationError", /Shot/],
    ["a second user of the same name", () => session.create("User", { username: server.user }), "ServerError", /already/],
    ["a second entity with the same key", () => session.create("Scope", { id: fixedScope, name: "x" }), "ServerError", /already exists/],
    ["a second location of the same name", () => session.create("Location", { name: "ftrack.server" }), "ServerError", /ftrack\.server/],
    ["a change of what is immutable", () => session.update("Job", [fixedJob], { type: "other" }), "ServerValidationError", /type/],
    ["a key of too many parts", () => session.update("Scope", [fixedScope, "x"], { name: "x" }), "ServerValidationError", /key/],
  ];
  const fixedScope = uuid();
  const fixedJob = uuid();
  before(() =>
    session.call([
      operation.create("Scope", { id: fixedScope, name: "there" }),
      operation.create("Job", { id: fixedJob, user_id: me.id }),
    ]),
  );

  for (const [what, attempt, name, pattern] of cases) {
    test(what, async () => {
      await refused(attempt(), name, pattern);
    });
  }

  test("a duplicate is called by the name that clients look for", async () => {
    const { body } = await post(server, [operation.create("User", { username: server.user })]);
    assert.match(`${body.exception} ${body.content}`, /DuplicateEntryError/);
  });
});
