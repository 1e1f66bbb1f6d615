/* What the official Python client's own tests pin down, sent as that client sends it. The tests bear
 * the numbers of the list in the protocol's description. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { after, before, describe, test } from "node:test";
import { post, uuid } from "./support/client.mjs";
import { schemaHash } from "./support/digest.mjs";
import { create, datetime, Python, reference, remove, update } from "./support/python.mjs";
import { startServer } from "./support/server.mjs";
import { fixed } from "./support/studio.mjs";

let server;
let python;
let me;
before(async () => {
  server = await startServer();
  python = new Python(server);
  [me] = await python.query(`select id, username from User where username is "${server.user}"`);
});
after(() => server.stop());

/* Creates an entity and answers its id. */
async function make(type, data) {
  const id = uuid();
  await python.commit(create(type, { id }, data));
  return id;
}

async function attribute(type, id, name) {
  const rows = await python.query(`select ${name} from ${type} where id is ${id}`);
  assert.equal(rows.length, 1, `${type} ${id}`);
  return rows[0][name];
}

const ids = (list) => list.map(({ id }) => id).sort();

/* A project with a sequence, a shot and a task, in one batch in this order. */
async function makeTree() {
  const tree = { project: uuid(), sequence: uuid(), shot: uuid(), task: uuid() };
  const child = (type, id, parent) =>
    create(type, { id }, {
      name: `${type}_${id.slice(0, 8)}`,
      object_type_id: fixed.objectTypes[type],
      priority_id: fixed.priority,
      parent: parent === tree.project ? reference("Project", parent) : reference("Context", parent),
    });
  await python.commit(
    create("Project", { id: tree.project }, {
      name: `project_${tree.project.slice(0, 8)}`,
      full_name: `project_${tree.project.slice(0, 8)}_full`,
      is_global: false,
      is_private: false,
      project_schema: reference("ProjectSchema", fixed.projectSchema),
    }),
    child("Sequence", tree.sequence, tree.project),
    child("Shot", tree.shot, tree.sequence),
    child("Task", tree.task, tree.shot),
  );
  return tree;
}

async function makeVersion(context) {
  const [type] = await python.query("select id from AssetType");
  const [asset, version] = [uuid(), uuid()];
  await python.commit(
    create("Asset", { id: asset }, { name: "render", context_id: context, type: reference("AssetType", type.id) }),
    create("AssetVersion", { id: version }, {
      asset: reference("Asset", asset),
      asset_id: asset,
      comment: "",
      is_published: true,
    }),
  );
  return { asset, version };
}

describe("1: server information", () => {
  test("the schemas' hash, and a version that is new enough", async () => {
    const [information] = await python.call({ action: "query_server_information" });
    const [schemas] = await python.call({ action: "query_schemas" });
    assert.equal(information.schema_hash, schemaHash(schemas));
    if (information.version !== "dev") {
      const [major, minor, patch] = /^(\d+)\.(\d+)\.(\d+)/.exec(information.version).slice(1).map(Number);
      assert.ok(major * 1e6 + minor * 1e3 + patch >= 3003011, information.version);
    }
    assert.equal(typeof information.is_timezone_support_enabled, "boolean");
    assert.deepEqual(information.storage_scenario, { scenario: "ftrack.automatic", data: {} });
  });
});

describe("2: required values", () => {
  test("may come later in the batch", async () => {
    const [first, second] = [uuid(), uuid()];
    await python.commit(
      create("Scope", { id: first }, {}),
      create("Scope", { id: second }, { name: "second" }),
      update("Scope", [first], { name: "first" }),
    );
    assert.equal(await attribute("Scope", first, "name"), "first");
  });

  test("must have come when it ends", async () => {
    const { exception } = await python.refused(create("Scope", { id: uuid() }, {}));
    assert.equal(exception, "ValidationError");
  });
});

describe("3: a batch is one transaction", () => {
  test("and creation answers what was set, not what was not", async () => {
    const id = uuid();
    const [user] = await python.commit(
      create("User", { id }, { username: `u_${id.slice(0, 8)}`, resource_type: "user" }),
    );
    assert.equal("email" in user, false);
    assert.equal(await attribute("User", id, "email"), null);
    assert.equal(typeof (await attribute("User", id, "username")), "string");
  });

  test("a user with nothing but an id gets a name", async () => {
    const id = await make("User", { resource_type: "user" });
    assert.match(await attribute("User", id, "username"), /./);
  });

  test("nothing of it stays when one operation fails", async () => {
    const id = uuid();
    await python.refused(
      create("User", { id }, { username: `u_${id.slice(0, 8)}` }),
      update("User", [uuid()], { email: "x@y.example" }),
    );
    assert.deepEqual(await python.query(`select id from User where id is ${id}`), []);
  });
});

describe("4: attributes, one by one", () => {
  test("every one of a task is answered, null included", async () => {
    const { task } = await makeTree();
    const [schemas] = await python.call({ action: "query_schemas" });
    const { properties } = schemas.find(({ id }) => id === "Task");
    for (const [name, fragment] of Object.entries(properties)) {
      if (fragment.items?.$ref.startsWith("CustomAttributeLink")) continue;
      const [row] = await python.query(`select ${name} from Task where id is ${task}`);
      assert.notEqual(row[name], undefined, name);
    }
  });
});

describe("5: keys of two parts", () => {
  test("as populate writes them, without a blank before and", async () => {
    const component = await make("FileComponent", { name: "main", file_type: ".txt", size: 3 });
    const job = await make("Job", { status: "done", type: "api_job", user: reference("User", me.id) });
    await python.commit(
      create("JobComponent", { component_id: component, job_id: job }, {}),
    );
    for (const condition of [
      `(component_id is "${component}"and job_id is "${job}")`,
      `component_id is "${component}" and job_id is "${job}"`,
      `(component_id is "${uuid()}"and job_id is "x") or (component_id is "${component}"and job_id is "${job}")`,
    ]) {
      const rows = await python.query(
        `select component.id, component.system_type from JobComponent where ${condition}`,
      );
      assert.equal(rows.length, 1, condition);
      assert.equal(rows[0].component.id, component);
      assert.equal(rows[0].component_id, component);
      assert.equal(rows[0].job_id, job);
    }
    await python.commit(remove("JobComponent", [component, job]));
  });
});

describe("6: pages", () => {
  before(() =>
    python.commit(
      ...Array.from({ length: 10 }, (_, n) =>
        create("Scope", { id: uuid() }, { name: `page ${n}` }),
      ),
    ),
  );

  test("a full page that is the last says so", async () => {
    const from = 'select id, name from Scope where name like "page %" ';
    assert.deepEqual((await python.page(`${from} offset 0 limit 5`)).next, 5);
    assert.deepEqual((await python.page(`${from} offset 5 limit 5`)).next, null);
    assert.deepEqual((await python.page(`${from} offset 0 limit 10`)).next, null);
    assert.deepEqual((await python.page(`${from} offset 0 limit 500`)).next, null);
  });

  test("two blanks, ids without quotes, lists with and without blanks", async () => {
    const { data } = await python.page('select id from Scope where name like "page %"  offset 0 limit 5');
    const [a, b] = ids(data);
    for (const condition of [
      `id is ${a} or id is ${b}`,
      `id in (${a},${b})`,
      `id in (${a}, ${b})`,
      `id in ("${a}", "${b}")`,
      `(id is "${a}") or (id is "${b}")`,
    ]) {
      const found = await python.query(`select id from Scope where ${condition} offset 0 limit 500`);
      assert.deepEqual(ids(found), [a, b], condition);
    }
    assert.equal((await python.query(`select id, name from Scope where id is ${a} limit 2`)).length, 1);
    assert.equal((await python.query("select id from Scope limit 1")).length, 1);
    assert.equal((await python.query("select id from User  offset 0 limit 5")).length > 0, true);
  });

  test("None, True and False in Python's spelling", async () => {
    assert.equal((await python.query("select id from User where is_active is True")).length > 0, true);
    assert.equal((await python.query("select id from User where is_active is False")).length, 0);
    assert.equal((await python.query('select id from User where thumbnail_id is None and username is_not None')).length > 0, true);
  });
});

describe("7: bare relations", () => {
  test("give their members with default projections", async () => {
    const { project, sequence, shot, task } = await makeTree();
    await python.commit(
      create("Metadata", { parent_id: task, key: "some_key" }, {
        parent_type: "Task",
        value: "some value",
      }),
    );
    const [entry] = await attribute("Task", task, "metadata");
    assert.equal(entry.__entity_type__, "Metadata");
    assert.deepEqual([entry.parent_id, entry.key, entry.value], [task, "some_key", "some value"]);
    for (const [type, id, kind, child] of [
      ["Project", project, "Sequence", sequence],
      ["Sequence", sequence, "Shot", shot],
      ["Shot", shot, "Task", task],
    ]) {
      const [found] = await attribute(type, id, "children");
      assert.deepEqual([found.__entity_type__, found.id], [kind, child]);
    }
    assert.equal(await attribute("Task", task, "thumbnail"), null);
  });

  test("reach through all levels", async () => {
    const { project, task } = await makeTree();
    const resource = await make("User", { resource_type: "user" });
    await make("Appointment", { context_id: task, resource_id: resource, type: "assignment" });
    const [row] = await python.query(
      `select children.children.children.assignments.resource from Project where id is ${project}`,
    );
    const [assignment] = row.children[0].children[0].children[0].assignments;
    assert.equal(assignment.resource.__entity_type__, "User");
    assert.equal(assignment.resource.id, resource);
  });

  test("a component can be of every kind, a plain one included", async () => {
    const made = {};
    for (const [type, data] of [
      ["Component", {}],
      ["FileComponent", { file_type: ".txt" }],
      ["ContainerComponent", {}],
      ["SequenceComponent", { padding: 4 }],
    ]) {
      made[type] = await make(type, { name: type, size: 0, ...data });
    }
    const found = await python.query(
      `select id, system_type from Component where id in (${Object.values(made)})`,
    );
    assert.deepEqual(
      Object.fromEntries(found.map((row) => [row.__entity_type__, row.id])),
      made,
    );
  });
});

describe("8: collections as whole lists", () => {
  const references = (type, list) => list.map((id) => reference(type, id));

  test("scopes of a task, removal included, new rows in the same batch", async () => {
    const { task } = await makeTree();
    const [a, b] = [uuid(), uuid()];
    await python.commit(
      create("Scope", { id: a }, { name: "a" }),
      create("Scope", { id: b }, { name: "b" }),
      update("Task", [task], { scopes: references("Scope", [a, b]) }),
    );
    assert.deepEqual(ids(await attribute("Task", task, "scopes")), [a, b].sort());
    await python.commit(update("Task", [task], { scopes: references("Scope", [b]) }));
    assert.deepEqual(ids(await attribute("Task", task, "scopes")), [b]);
    await python.commit(update("Task", [task], { scopes: [] }));
    assert.deepEqual(await attribute("Task", task, "scopes"), []);
  });

  test("notes of a task, and replies to a note", async () => {
    const { task } = await makeTree();
    const [note, reply] = [uuid(), uuid()];
    await python.commit(
      create("Note", { id: note }, { content: "a note", author: reference("User", me.id) }),
      update("Task", [task], { notes: references("Note", [note]) }),
    );
    assert.deepEqual(ids(await attribute("Task", task, "notes")), [note]);
    assert.equal(await attribute("Note", note, "parent_id"), task);
    assert.equal(await attribute("Note", note, "parent_type"), "Task");
    await python.commit(
      create("Note", { id: reply }, { content: "a reply", author: reference("User", me.id) }),
      update("Note", [note], { replies: references("Note", [reply]) }),
    );
    assert.deepEqual(ids(await attribute("Note", note, "replies")), [reply]);
    assert.equal(await attribute("Note", reply, "in_reply_to_id"), note);
  });

  test("components of a version, members of a sequence", async () => {
    const { shot } = await makeTree();
    const { version } = await makeVersion(shot);
    const component = uuid();
    await python.commit(
      create("FileComponent", { id: component }, { name: "main", file_type: ".mov" }),
      update("AssetVersion", [version], { components: references("FileComponent", [component]) }),
    );
    assert.deepEqual(ids(await attribute("AssetVersion", version, "components")), [component]);

    const [sequence, first, second] = [uuid(), uuid(), uuid()];
    await python.commit(
      create("SequenceComponent", { id: sequence }, { name: "plate", file_type: ".exr", padding: 4, size: 2 }),
      create("FileComponent", { id: first }, { name: "0001", container: reference("SequenceComponent", sequence), size: 1, file_type: ".exr" }),
      create("FileComponent", { id: second }, { name: "0002", container: reference("SequenceComponent", sequence), size: 1, file_type: ".exr" }),
      update("SequenceComponent", [sequence], { members: references("FileComponent", [first, second]) }),
    );
    assert.deepEqual(ids(await attribute("SequenceComponent", sequence, "members")), [first, second].sort());
  });

  test("metadata of projects, tasks and versions", async () => {
    const { project, task, shot } = await makeTree();
    const { version } = await makeVersion(shot);
    for (const [type, id] of [["Project", project], ["Task", task], ["AssetVersion", version]]) {
      const entry = (key) => ({ __entity_type__: "Metadata", parent_id: id, key });
      await python.commit(
        create("Metadata", { parent_id: id, key: "a" }, { parent_type: type, value: "1" }),
        create("Metadata", { parent_id: id, key: "b" }, { parent_type: type, value: "2" }),
        update(type, [id], { metadata: [entry("a"), entry("b")] }),
      );
      assert.equal((await attribute(type, id, "metadata")).length, 2);
      await python.commit(
        remove("Metadata", [id, "a"]),
        update(type, [id], { metadata: [entry("b")] }),
      );
      assert.deepEqual((await attribute(type, id, "metadata")).map(({ key }) => key), ["b"]);
    }
  });

  test("recipients of a note", async () => {
    const { task } = await makeTree();
    const resource = await make("User", { resource_type: "user" });
    const note = await make("Note", { content: "x", user_id: me.id, parent_id: task });
    await python.commit(
      create("Recipient", { note_id: note, resource_id: resource }, {}),
      update("Note", [note], {
        recipients: [{ __entity_type__: "Recipient", note_id: note, resource_id: resource }],
      }),
    );
    const found = await attribute("Note", note, "recipients");
    assert.ok(found.some(({ resource_id: id }) => id === resource));
  });
});

describe("9: custom attributes", () => {
  let configuration;
  before(async () => {
    const [type] = await python.query('select id from CustomAttributeType where name is "text"');
    configuration = await make("CustomAttributeConfiguration", {
      key: "customtest",
      label: "Custom test",
      entity_type: "task",
      object_type_id: fixed.objectTypes.Task,
      type: reference("CustomAttributeType", type.id),
      default: "as it was",
      config: "{}",
    });
  });
  const value = async (task) => {
    const rows = await attribute("Task", task, "custom_attributes");
    const row = rows.find(({ key }) => key === "customtest");
    assert.deepEqual(
      [row.__entity_type__, row.configuration_id, row.entity_id],
      ["ContextCustomAttributeValue", configuration, task],
    );
    return row.value;
  };

  test("are dense, with their default", async () => {
    assert.equal(await value((await makeTree()).task), "as it was");
  });

  test("are written to rows that do not exist", async () => {
    const { task } = await makeTree();
    await python.commit(
      update("ContextCustomAttributeValue", [configuration, task], { value: "changed" }),
    );
    assert.equal(await value(task), "changed");
    const [row] = await python.query(
      `select value from ContextCustomAttributeValue where ` +
        `(configuration_id is "${configuration}"and entity_id is "${task}")`,
    );
    assert.equal(row.value, "changed");
  });

  test("in the batch that creates the entity, after it", async () => {
    const { shot } = await makeTree();
    const task = uuid();
    await python.commit(
      create("Task", { id: task }, { name: "t", parent_id: shot }),
      update("ContextCustomAttributeValue", [configuration, task], { value: "at once" }),
    );
    assert.equal(await value(task), "at once");
  });

  test("are found by their configuration's key", async () => {
    const { project, task } = await makeTree();
    const found = await python.query(
      `select id from Task where project_id is ${project} and ` +
        `custom_attributes.configuration.key is customtest`,
    );
    assert.deepEqual(ids(found), [task]);
  });
});

describe("10: notes", () => {
  test("the caller is a recipient by itself, whatever whole lists say", async () => {
    const { task } = await makeTree();
    const other = await make("User", { resource_type: "user" });
    const note = uuid();
    const key = { note_id: note, resource_id: other };
    await python.commit(
      create("Note", { id: note }, { content: "x", author: reference("User", me.id) }),
      update("Task", [task], { notes: [reference("Note", note)] }),
      create("Recipient", key, {}),
      update("Note", [note], { recipients: [{ __entity_type__: "Recipient", ...key }] }),
    );
    const found = await attribute("Note", note, "recipients");
    assert.deepEqual(found.map(({ resource_id: id }) => id).sort(), [me.id, other].sort());
  });

  test("a label sets the category", async () => {
    const { task } = await makeTree();
    const [category] = await python.query("select id, name from NoteCategory");
    const note = await make("Note", { content: "x", user_id: me.id, parent_id: task });
    await python.commit(
      create("NoteLabelLink", { note_id: note, label_id: category.id }, {}),
    );
    assert.equal((await attribute("Note", note, "category")).id, category.id);
  });
});

describe("11: timers and times", () => {
  test("a second timer is a DuplicateEntryError", async () => {
    const { task } = await makeTree();
    const user = await make("User", { resource_type: "user" });
    const data = { user: reference("User", user), context: reference("Task", task), comment: "", name: "n" };
    await make("Timer", data);
    const { exception, content } = await python.refused(create("Timer", { id: uuid() }, data));
    assert.match(`${exception}(${content})`, /DuplicateEntryError/);
    const [timer] = await python.query(`select start from Timer where user_id = "${user}"`);
    assert.equal(timer.start.__type__, "datetime");
  });

  test("start keeps microseconds in the answer, queries compare whole seconds", async () => {
    const { task } = await makeTree();
    const id = uuid();
    const [created] = await python.commit(
      create("Timelog", { id }, {
        user_id: me.id,
        context_id: task,
        duration: 60.5,
        comment: "",
        start: datetime("2026-11-23T19:53:52.123456+00:00"),
      }),
    );
    assert.match(created.start.value, /^2026-11-23T19:53:52\.123456/);
    const found = await python.query(
      `select id from Timelog where start is "2026-11-23T19:53:52" and id is "${id}"`,
    );
    assert.deepEqual(ids(found), [id]);
  });

  test("dates with an offset, without one, and alone", async () => {
    const { task } = await makeTree();
    for (const [value, expected] of [
      ["2024-01-02T03:04:05+02:00", "2024-01-02T01:04:05"],
      ["2024-01-02T03:04:05", "2024-01-02T03:04:05"],
      ["2024-01-02", "2024-01-02T00:00:00"],
    ]) {
      await python.commit(update("Task", [task], { end_date: datetime(value) }));
      assert.deepEqual(await attribute("Task", task, "end_date"), datetime(expected));
    }
  });
});

describe("12: reset_remote", () => {
  test("gives a new key each time", async () => {
    const user = await make("User", { resource_type: "user" });
    const reset = { action: "reset_remote", reset_type: "api_key", entity_type: "User", entity_key: user };
    const [first] = await python.call(reset);
    const [second] = await python.call(reset);
    assert.notEqual(first.data.api_key, second.data.api_key);
  });

  test("refuses a type that is a list", async () => {
    await python.refused({
      action: "reset_remote",
      reset_type: ["id"],
      entity_type: "User",
      entity_key: me.id,
    });
  });
});

describe("13: get_widget_url", () => {
  for (const name of ["tasks", "info"]) {
    test(`${name} answers 200 without a key`, async () => {
      const { task } = await makeTree();
      const [{ widget_url: url }] = await python.call({
        action: "get_widget_url",
        name,
        theme: null,
        ...(name === "info" && { entity_type: "Task", entity_key: [task] }),
      });
      assert.equal((await fetch(url)).status, 200);
    });
  }
});

describe("14: AssetVersion.link", () => {
  test("leads from the project to the version, without the asset", async () => {
    const { project, sequence, shot } = await makeTree();
    const { version } = await makeVersion(shot);
    const link = await attribute("AssetVersion", version, "link");
    assert.deepEqual(link.map(({ id }) => id), [project, sequence, shot, version]);
    for (const step of link) {
      assert.equal(typeof step.name, "string");
      assert.equal(typeof step.type, "string");
    }
  });
});

describe("15: deletions take along what belongs", () => {
  const gone = async (type, id) =>
    assert.deepEqual(await python.query(`select id from ${type} where id is ${id}`), [], type);

  test("a project its tree", async () => {
    const tree = await makeTree();
    const { asset, version } = await makeVersion(tree.task);
    await python.commit(remove("Project", [tree.project]));
    await gone("TypedContext", tree.task);
    await gone("Asset", asset);
    await gone("AssetVersion", version);
  });

  test("a task its notes, timelogs and assets", async () => {
    const { task } = await makeTree();
    const note = await make("Note", { content: "x", user_id: me.id, parent_id: task });
    const timelog = await make("Timelog", { user_id: me.id, context_id: task, duration: 1, comment: "" });
    const { asset } = await makeVersion(task);
    await python.commit(remove("Task", [task]));
    await gone("Note", note);
    await gone("Timelog", timelog);
    await gone("Asset", asset);
  });

  test("a user timers, notes and what was received", async () => {
    const { task } = await makeTree();
    const user = await make("User", { resource_type: "user" });
    const timer = await make("Timer", { user_id: user, context_id: task, comment: "" });
    const note = await make("Note", { content: "x", user_id: user, parent_id: task });
    const other = await make("Note", { content: "y", user_id: me.id, parent_id: task });
    await python.commit(create("Recipient", { note_id: other, resource_id: user }, {}));
    await python.commit(remove("User", [user]));
    await gone("Timer", timer);
    await gone("Note", note);
    await gone("User", user);
  });

  test("a location after what is there, and several of a kind in one batch", async () => {
    const location = await make("Location", { name: `l_${uuid()}`, description: "", label: "" });
    const places = [];
    for (let n = 0; n < 3; n++) {
      const component = await make("FileComponent", { name: "x", file_type: ".txt" });
      places.push(
        await make("ComponentLocation", {
          component: reference("FileComponent", component),
          location: reference("Location", location),
          resource_identifier: `/tmp/${n}`,
        }),
      );
    }
    await python.commit(
      ...places.map((id) => remove("ComponentLocation", [id])),
      remove("Location", [location]),
    );
    await gone("Location", location);
  });
});

describe("16: uploads come before the component", () => {
  const bytes = Buffer.from("some content");
  const checksum = createHash("md5").update(bytes).digest("base64");

  test("metadata, PUT, then the commit, then reading, then removal", async () => {
    const component = uuid();
    const [target] = await python.call({
      action: "get_upload_metadata",
      checksum,
      component_id: component,
      file_name: "main.txt",
      file_size: bytes.length,
    });
    assert.equal(target.headers["Content-MD5"], checksum);
    const { ["Content-Length"]: _, ...headers } = target.headers;
    const response = await fetch(target.url, { method: "PUT", headers, body: bytes });
    assert.equal(response.ok, true);

    await python.commit(
      create("FileComponent", { id: component }, { name: "main", file_type: ".txt", size: bytes.length }),
      create("ComponentLocation", { id: uuid() }, {
        component: reference("FileComponent", component),
        location: reference("Location", fixed.locations["ftrack.server"]),
        resource_identifier: component,
      }),
    );

    const key = `id=${component}&username=${server.user}&apiKey=${server.key}`;
    const read = await fetch(`${server.url}/component/get?${key}`);
    assert.equal(await read.text(), bytes.toString());
    assert.equal((await fetch(`${server.url}/component/remove?${key}`)).ok, true);
    assert.equal((await fetch(`${server.url}/component/get?${key}`)).status >= 400, true);
    assert.equal((await fetch(`${server.url}/component/thumbnail?${key}&size=300`)).status < 500, true);
  });

  test("a checksum may be null", async () => {
    const [target] = await python.call({
      action: "get_upload_metadata",
      checksum: null,
      component_id: uuid(),
      file_name: "main",
      file_size: 0,
    });
    assert.equal((await fetch(target.url, { method: "PUT", body: "" })).ok, true);
  });
});

describe("17: errors", () => {
  test("are an object with HTTP 200 when not strict", async () => {
    const { exception, content } = await python.refused({
      action: "query",
      expression: "select nothing from Task",
    });
    assert.equal(exception, "ParseError");
    assert.match(content, /nothing/);
  });

  test("are JSON with a status of 400 and more when strict", async () => {
    const { status, body } = await post(
      server,
      [{ action: "query", expression: "select nothing from Task" }],
      { "ftrack-strict-api": "true" },
    );
    assert.ok(status >= 400);
    assert.equal(body.exception, "ParseError");
  });
});

describe("18: locations", () => {
  test("may be made and removed, and stay unique by name", async () => {
    const name = "test.location";
    const id = await make("Location", { name, description: "", label: "" });
    await python.refused(create("Location", { id: uuid() }, { name }));
    assert.deepEqual(ids(await python.query(`select id from Location where name is "${name}"`)), [id]);
    await python.commit(remove("Location", [id]));
  });
});

describe("19: storage scenario", () => {
  test("is none that the client would set up", async () => {
    const [{ storage_scenario: scenario }] = await python.call({
      action: "query_server_information",
    });
    assert.deepEqual(scenario, { scenario: "ftrack.automatic", data: {} });
  });
});
