/* The entities of a studio that clients rely on: custom attributes, metadata, links, notes, lists,
 * timers, review sessions, security roles. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { openSession, operation, post, refused, rows, uuid, values } from "./support/client.mjs";
import { startServer } from "./support/server.mjs";
import { makeStudio, makeUser, makeVersions } from "./support/studio.mjs";

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

const task = () => studio.tasks["sq010/sh0010/lighting"];
const shot = () => studio.shots["sq010/sh0010"];
const reference = (type, id) => ({ __entity_type__: type, id });

describe("custom attributes", () => {
  const ids = {};

  async function configure(name, entityType, type, data = {}) {
    const [kind] = await rows(session, `select id from CustomAttributeType where name is "${type}"`);
    assert.ok(kind, `a custom attribute type ${type}`);
    const [objectType] = await rows(session, "select id from ObjectType where name is Task");
    ids[name] = uuid();
    await session.create("CustomAttributeConfiguration", {
      id: ids[name],
      key: name,
      label: name,
      entity_type: entityType,
      type_id: kind.id,
      config: "{}",
      ...(entityType === "task" && { object_type_id: objectType.id }),
      ...data,
    });
  }

  before(async () => {
    await configure("note_text", "task", "text", { default: "unset" });
    await configure("frames", "task", "number", { default: 24, config: '{"isdecimal": true}' });
    await configure("is_hero", "task", "boolean", { default: false });
    await configure("due", "task", "date");
    await configure("picks", "task", "enumerator", {
      default: ["a"],
      config: JSON.stringify({
        multiSelect: true,
        data: JSON.stringify([
          { menu: "A", value: "a" },
          { menu: "B", value: "b" },
        ]),
      }),
    });
    await configure("take", "assetversion", "text", { default: "" });
    await configure("nick", "user", "text", { default: "none" });
    await configure("budget", "show", "number", { default: 0 });
    await configure("reviewed", "list", "boolean", { default: false });
    await configure("flavour", "asset", "text", { default: "plain" });
  });

  async function read(type, id) {
    const [entity] = await rows(
      session,
      `select custom_attributes.key, custom_attributes.value from ${type} where id is ${id}`,
    );
    return Object.fromEntries(entity.custom_attributes.map(({ key, value }) => [key, value]));
  }

  test("are dense: every configuration has a value, its default where none was set", async () => {
    const found = await read("Task", task().id);
    assert.equal(found.note_text, "unset");
    assert.equal(found.frames, 24);
    assert.equal(found.is_hero, false);
    assert.equal(found.due ?? null, null);
    assert.deepEqual(found.picks, ["a"]);
    assert.equal("take" in found, false);
    assert.equal("frames" in (await read("Shot", shot().id)), false);
  });

  test("are written by updates, whether there was a row or not", async () => {
    const write = (name, value) =>
      session.update("ContextCustomAttributeValue", [ids[name], task().id], { value });
    for (const [name, first, second] of [
      ["note_text", "hello", "again"],
      ["frames", 100, 12.5],
      ["is_hero", true, false],
      ["picks", ["b"], ["a", "b"]],
    ]) {
      const { data } = await write(name, first);
      assert.equal(data.configuration_id, ids[name]);
      assert.equal(data.entity_id, task().id);
      assert.deepEqual((await read("Task", task().id))[name], first);
      await write(name, second);
      assert.deepEqual((await read("Task", task().id))[name], second);
    }
  });

  test("dates are date-times", async () => {
    await session.update("ContextCustomAttributeValue", [ids.due, task().id], {
      value: "2026-05-06T00:00:00.000Z",
    });
    const found = await read("Task", task().id);
    assert.equal(found.due.toISOString(), "2026-05-06T00:00:00.000Z");
  });

  test("a text that looks like a date, which the client sends as one, stays a text", async () => {
    await session.update("ContextCustomAttributeValue", [ids.note_text, task().id], {
      value: "2026-05-06T07:08:09.000Z",
    });
    const found = await read("Task", task().id);
    assert.equal(typeof found.note_text, "string");
    assert.match(found.note_text, /^2026-05-06T07:08:09/);
  });

  test("in the batch that creates the entity", async () => {
    const id = uuid();
    await session.call([
      operation.create("Task", { id, name: "fresh", parent_id: shot().id }),
      operation.update("ContextCustomAttributeValue", [ids.frames, id], { value: 7 }),
    ]);
    assert.equal((await read("Task", id)).frames, 7);
  });

  test("on versions, users, projects, lists and assets", async () => {
    const { asset, versions } = await makeVersions(session, shot().id, 1);
    const [category] = await rows(session, "select id from ListCategory");
    const list = uuid();
    await session.create("TypedContextList", {
      id: list,
      name: "picks",
      project_id: studio.project.id,
      category_id: category.id,
    });
    for (const [type, values, key, id, before, after] of [
      ["AssetVersion", "AssetVersionCustomAttributeValue", "take", versions[0], "", "second"],
      ["User", "UserCustomAttributeValue", "nick", me.id, "none", "ada"],
      ["Project", "ContextCustomAttributeValue", "budget", studio.project.id, 0, 1e6],
      ["TypedContextList", "ListCustomAttributeValue", "reviewed", list, false, true],
      ["Asset", "AssetCustomAttributeValue", "flavour", asset, "plain", "sweet"],
    ]) {
      assert.deepEqual((await read(type, id))[key], before, key);
      await session.update(values, [ids[key], id], { value: after });
      assert.deepEqual((await read(type, id))[key], after, key);
    }
  });

  test("a bare projection gives key and value", async () => {
    const [found] = await rows(session, `select custom_attributes from Task where id is ${task().id}`);
    const row = found.custom_attributes.find(({ key }) => key === "frames");
    assert.equal(row.__entity_type__, "ContextCustomAttributeValue");
    assert.equal(row.configuration_id, ids.frames);
    assert.equal(row.entity_id, task().id);
    assert.notEqual(row.value, undefined);
  });

  test("in conditions", async () => {
    await session.update("ContextCustomAttributeValue", [ids.note_text, task().id], { value: "find me" });
    const find = (condition) =>
      values(
        session,
        "id",
        `select id from Task where project_id is ${studio.project.id} and ${condition}`,
      );
    assert.deepEqual(
      await find('custom_attributes any (key is "note_text" and value is "find me")'),
      [task().id],
    );
    assert.equal((await find('custom_attributes any (key is "note_text" and value is "unset")')).length >= 11, true);
    assert.equal((await find("custom_attributes.configuration.key is frames")).length >= 12, true);
  });

  test("a value of the wrong type is refused", async () => {
    await refused(
      session.update("ContextCustomAttributeValue", [ids.frames, task().id], { value: "many" }),
      "ServerValidationError",
      /./,
    );
  });

  test("go with their entity and with their configuration", async () => {
    const id = uuid();
    await session.call([
      operation.create("Task", { id, name: "fresh", parent_id: shot().id }),
      operation.update("ContextCustomAttributeValue", [ids.frames, id], { value: 7 }),
      operation.delete("Task", [id]),
      operation.delete("CustomAttributeConfiguration", [ids.picks]),
    ]);
    assert.equal("picks" in (await read("Task", task().id)), false);
  });
});

describe("custom attribute links", () => {
  test("lead from an entity to another, both ways, and are found by their key", async () => {
    const ada = await makeUser(session);
    const configuration = uuid();
    const link = uuid();
    await session.call([
      operation.create("CustomAttributeLinkConfiguration", {
        id: configuration,
        key: "supervisor",
        label: "Supervisor",
        entity_type: "task",
        entity_type_to: "user",
        one_to_one: false,
      }),
      operation.create("UserCustomAttributeLink", {
        id: link,
        configuration_id: configuration,
        from_id: task().id,
        to_id: ada.id,
      }),
    ]);
    const condition =
      `custom_attribute_links any (configuration.key is "supervisor" ` +
      `and user.username is "${ada.user}")`;
    assert.deepEqual(
      await values(session, "id", `select id from Task where ${condition}`),
      [task().id],
    );
    const [found] = await rows(
      session,
      `select to_id, user.username from UserCustomAttributeLink where from_id is ${task().id}`,
    );
    assert.equal(found.user.username, ada.user);
    const back = await rows(
      session,
      `select id from User where custom_attribute_links_from any ` +
        `(configuration.key is supervisor and context.name is lighting)`,
    );
    assert.deepEqual(back.map(({ id }) => id), [ada.id]);
    await session.delete("UserCustomAttributeLink", [link]);
    assert.deepEqual(await rows(session, `select id from Task where ${condition}`), []);
  });
});

describe("groups", () => {
  test("have members and can be assigned like people", async () => {
    const ada = await makeUser(session);
    const group = uuid();
    await session.call([
      operation.create("Group", { id: group, name: "Lighting" }),
      operation.create("Membership", { group_id: group, user_id: ada.id }),
      operation.create("Appointment", {
        context_id: studio.project.id,
        resource_id: group,
        type: "allocation",
      }),
    ]);
    const [found] = await rows(
      session,
      `select name, memberships.user.username from Group where id is ${group}`,
    );
    assert.deepEqual(found.memberships.map(({ user }) => user.username), [ada.user]);
    const [project] = await rows(
      session,
      `select allocations.resource, allocations.resource[Group].name from Project ` +
        `where id is ${studio.project.id}`,
    );
    const [{ resource }] = project.allocations;
    assert.deepEqual([resource.__entity_type__, resource.name], ["Group", "Lighting"]);
  });
});

describe("keys of three parts", () => {
  test("are given in the order of the primary key", async () => {
    const key = [studio.project.id, "REVIEW", "layout"];
    const { data } = await session.create("EntitySetting", {
      parent_id: key[0],
      parent_type: "Project",
      group: key[1],
      name: key[2],
      value: "wide",
    });
    assert.deepEqual(session.getIdentifyingKey(data), ["EntitySetting", ...key].join(","));
    await session.update("EntitySetting", key, { value: "narrow" });
    const [found] = await rows(
      session,
      `select value from EntitySetting where parent_id is ${key[0]} and group is REVIEW and name is layout`,
    );
    assert.equal(found.value, "narrow");
    await session.delete("EntitySetting", key);
    assert.deepEqual(await rows(session, `EntitySetting where parent_id is ${key[0]}`), []);
  });
});

describe("metadata", () => {
  const entry = (key, value) => ({
    parent_id: task().id,
    parent_type: "Task",
    key,
    value,
  });

  test("is created, found, selected and deleted", async () => {
    await session.call([
      operation.create("Metadata", entry("colour", "red")),
      operation.create("Metadata", entry("weight", "12")),
    ]);
    const [found] = await rows(session, `select metadata from Task where id is ${task().id}`);
    const pairs = Object.fromEntries(found.metadata.map(({ key, value }) => [key, value]));
    assert.deepEqual(pairs, { colour: "red", weight: "12" });
    assert.deepEqual(
      await values(session, "id", 'select id from Task where metadata any (key is "colour" and value is red)'),
      [task().id],
    );
    await session.update("Metadata", [task().id, "colour"], { value: "blue" });
    await session.delete("Metadata", [task().id, "weight"]);
    const after = await rows(session, `select key, value from Metadata where parent_id is ${task().id}`);
    assert.deepEqual(after.map(({ key, value }) => [key, value]), [["colour", "blue"]]);
  });

  test("belongs to projects, versions, components and users as well", async () => {
    const { versions } = await makeVersions(session, shot().id, 1);
    const component = uuid();
    await session.create("FileComponent", { id: component, name: "main", file_type: ".mov" });
    for (const [type, id] of [
      ["Project", studio.project.id],
      ["AssetVersion", versions[0]],
      ["FileComponent", component],
      ["User", me.id],
    ]) {
      await session.create("Metadata", { parent_id: id, parent_type: type, key: "k", value: type });
      const [found] = await rows(session, `select metadata.value from ${type} where id is ${id}`);
      assert.deepEqual(found.metadata.map(({ value }) => value), [type]);
    }
  });

  test("one value per key", async () => {
    await session.create("Metadata", entry("once", "1"));
    await refused(session.create("Metadata", entry("once", "2")), "ServerError");
  });
});

describe("links", () => {
  test("between tasks, both ways", async () => {
    const [from, to] = [studio.tasks["sq010/sh0010/animation"], task()];
    await session.create("TypedContextLink", { from_id: from.id, to_id: to.id });
    const [source] = await rows(session, `select outgoing_links.to.name from Task where id is ${from.id}`);
    const [target] = await rows(session, `select incoming_links.from.name from Task where id is ${to.id}`);
    assert.deepEqual(source.outgoing_links.map((link) => link.to.name), ["lighting"]);
    assert.deepEqual(target.incoming_links.map((link) => link.from.name), ["animation"]);
  });

  test("between versions, and what uses what", async () => {
    const { versions } = await makeVersions(session, shot().id, 2);
    const [plate, comp] = versions;
    await session.create("AssetVersionLink", { from_id: plate, to_id: comp });
    const [user] = await rows(session, `select uses_versions from AssetVersion where id is ${comp}`);
    const [used] = await rows(session, `select used_in_versions from AssetVersion where id is ${plate}`);
    assert.deepEqual(user.uses_versions.map(({ id }) => id), [plate]);
    assert.deepEqual(used.used_in_versions.map(({ id }) => id), [comp]);
  });

  test("scopes are many-to-many and replaced as a whole", async () => {
    const scopes = [uuid(), uuid()];
    await session.call(scopes.map((id, i) => operation.create("Scope", { id, name: `scope ${i}` })));
    const set = (list) =>
      session.update("Task", [task().id], { scopes: list.map((id) => reference("Scope", id)) });
    const get = async () =>
      (await rows(session, `select scopes.name from Task where id is ${task().id}`))[0].scopes
        .map(({ id }) => id)
        .sort();
    await set(scopes);
    assert.deepEqual(await get(), [...scopes].sort());
    await set([scopes[1]]);
    assert.deepEqual(await get(), [scopes[1]]);
    await set([]);
    assert.deepEqual(await get(), []);
  });

  test("assignments lead from tasks to people", async () => {
    const ada = await makeUser(session);
    await session.create("Appointment", {
      context_id: task().id,
      resource_id: ada.id,
      type: "assignment",
    });
    const [found] = await rows(
      session,
      `select assignments.resource[User].username from Task where id is ${task().id}`,
    );
    assert.deepEqual(found.assignments.map(({ resource }) => resource.username), [ada.user]);
    assert.deepEqual(
      await values(session, "id", `select id from Task where assignments.resource.id is ${ada.id}`),
      [task().id],
    );
    assert.deepEqual(
      await values(session, "id", `select id from Task where assignments any (resource[User].username = "${ada.user}")`),
      [task().id],
    );
  });
});

describe("notes", () => {
  async function write(data) {
    const id = uuid();
    await session.create("Note", {
      id,
      content: "Look at the highlights",
      user_id: me.id,
      parent_id: task().id,
      parent_type: "task",
      ...data,
    });
    return id;
  }

  test("belong to their parent and their author", async () => {
    const id = await write({});
    const [note] = await rows(
      session,
      `select content, author.username, date, parent_id, recipients from Note where id is ${id}`,
    );
    assert.equal(note.content, "Look at the highlights");
    assert.equal(note.author.username, server.user);
    assert.equal(note.parent_id, task().id);
    assert.ok(Math.abs(note.date.valueOf() - Date.now()) < 900_000);
    const [parent] = await rows(session, `select notes.content from Task where id is ${task().id}`);
    assert.ok(parent.notes.some((row) => row.id === id));
  });

  test("the author is a recipient without being named", async () => {
    const ada = await makeUser(session);
    const id = await write({});
    await session.create("Recipient", { note_id: id, resource_id: ada.id });
    const found = await values(session, "resource_id", `select resource_id from Recipient where note_id is ${id}`);
    assert.deepEqual(found.sort(), [ada.id, me.id].sort());
  });

  test("labels, and the category that goes with them", async () => {
    const [category] = await rows(session, "select id, name from NoteCategory");
    const id = await write({});
    await session.create("NoteLabelLink", { note_id: id, label_id: category.id });
    const [note] = await rows(
      session,
      `select category.name, note_label_links.label.name from Note where id is ${id}`,
    );
    assert.equal(note.category.name, category.name);
    assert.deepEqual(note.note_label_links.map(({ label }) => label.name), [category.name]);
  });

  test("replies", async () => {
    const id = await write({});
    const reply = uuid();
    await session.create("Note", { id: reply, content: "Done", user_id: me.id, in_reply_to_id: id });
    const [note] = await rows(session, `select replies.content from Note where id is ${id}`);
    assert.deepEqual(note.replies.map(({ content }) => content), ["Done"]);
    await session.delete("Note", [id]);
    assert.equal((await rows(session, `select id from Note where id is ${reply}`)).length, 0);
  });

  test("attachments", async () => {
    const id = await write({});
    const component = uuid();
    await session.call([
      operation.create("FileComponent", { id: component, name: "frame", file_type: ".png" }),
      operation.create("NoteComponent", { note_id: id, component_id: component }),
    ]);
    const [note] = await rows(
      session,
      `select note_components.component.name, note_components.url from Note where id is ${id}`,
    );
    assert.equal(note.note_components[0].component.name, "frame");
    assert.match(note.note_components[0].url.url, /^http/);
  });

  test("on versions and projects", async () => {
    const { versions } = await makeVersions(session, shot().id, 1);
    await write({ parent_id: versions[0], parent_type: "asset_version" });
    await write({ parent_id: studio.project.id, parent_type: "show" });
    const [version] = await rows(session, `select notes.content from AssetVersion where id is ${versions[0]}`);
    const [project] = await rows(session, `select notes.content from Project where id is ${studio.project.id}`);
    assert.deepEqual([version.notes.length, project.notes.length], [1, 1]);
  });
});

describe("lists", () => {
  test("of versions and of tasks, with members added and removed", async () => {
    const [category] = await rows(session, "select id from ListCategory");
    const { versions } = await makeVersions(session, shot().id, 3);
    const tasks = Object.values(studio.tasks).slice(0, 3).map(({ id }) => id);
    for (const [type, member, members] of [
      ["AssetVersionList", "AssetVersion", versions],
      ["TypedContextList", "Task", tasks],
    ]) {
      const list = uuid();
      await session.create(type, {
        id: list,
        name: "dailies",
        project_id: studio.project.id,
        category_id: category.id,
      });
      const set = (ids) =>
        session.update(type, [list], { items: ids.map((id) => reference(member, id)) });
      const get = async () =>
        (await rows(session, `select items from ${type} where id is ${list}`))[0].items.map(({ id }) => id);
      await set(members);
      assert.deepEqual((await get()).sort(), [...members].sort());
      await set(members.slice(1));
      assert.deepEqual((await get()).sort(), members.slice(1).sort());
      await session.create("ListObject", { list_id: list, entity_id: members[0] });
      assert.equal((await get()).length, 3);
      const [found] = await rows(session, `select lists.name from ${member} where id is ${members[0]}`);
      assert.ok(found.lists.some(({ id }) => id === list));
      const [owner] = await rows(session, `select owner.username, is_open from List where id is ${list}`);
      assert.deepEqual([owner.owner.username, owner.is_open], [server.user, true]);
    }
  });
});

describe("timers and timelogs", () => {
  test("one timer per user", async () => {
    const ada = await makeUser(session);
    const start = () => session.create("Timer", { user_id: ada.id, context_id: task().id });
    const { data } = await start();
    const [timer] = await rows(session, `select start, user.username from Timer where id is ${data.id}`);
    assert.ok(Math.abs(timer.start.valueOf() - Date.now()) < 900_000);
    assert.equal(timer.user.username, ada.user);
    const { body } = await post(server, [
      operation.create("Timer", { user_id: ada.id, context_id: task().id }),
    ]);
    assert.match(`${body.exception} ${body.content}`, /DuplicateEntryError/);
    await session.delete("Timer", [data.id]);
    await start();
  });

  test("logged time adds up on the task", async () => {
    const { id } = studio.tasks["sq020/sh0020/lighting"];
    for (const duration of [60, 30.5]) {
      await session.create("Timelog", { user_id: me.id, context_id: id, duration, start: new Date() });
    }
    const [found] = await rows(
      session,
      `select time_logged, bid, bid_time_logged_difference, timelogs.duration from Task where id is ${id}`,
    );
    assert.equal(found.time_logged, 90.5);
    assert.equal(found.bid_time_logged_difference, found.bid - 90.5);
    assert.equal(found.timelogs.length, 2);
  });
});

describe("review sessions", () => {
  test("objects, invitees, statuses and notes", async () => {
    const { versions } = await makeVersions(session, shot().id, 1);
    const [review, object, invitee, status] = [uuid(), uuid(), uuid(), uuid()];
    await session.call([
      operation.create("ReviewSession", {
        id: review,
        name: "Client review",
        project_id: studio.project.id,
        description: "first look",
      }),
      operation.create("ReviewSessionObject", {
        id: object,
        name: "render",
        version: "Version 1",
        description: "",
        version_id: versions[0],
        review_session_id: review,
      }),
      operation.create("ReviewSessionInvitee", {
        id: invitee,
        name: "Ada",
        email: "ada@studio.example",
        review_session_id: review,
      }),
      operation.create("ReviewSessionObjectStatus", {
        id: status,
        status: "approved",
        review_session_invitee_id: invitee,
        review_session_object_id: object,
      }),
    ]);
    const [found] = await rows(
      session,
      `select name, created_by.username, review_session_invitees.name, ` +
        `review_session_objects.asset_version.version, review_session_objects.statuses.status ` +
        `from ReviewSession where id is ${review}`,
    );
    assert.equal(found.created_by.username, server.user);
    assert.deepEqual(found.review_session_invitees.map(({ name }) => name), ["Ada"]);
    assert.equal(found.review_session_objects[0].asset_version.version, 1);
    assert.equal(found.review_session_objects[0].statuses[0].status, "approved");
    const [project] = await rows(
      session,
      `select review_sessions.name from Project where id is ${studio.project.id}`,
    );
    assert.deepEqual(project.review_sessions.map(({ name }) => name), ["Client review"]);
    await session.delete("ReviewSession", [review]);
    assert.equal((await rows(session, `select id from ReviewSessionObject where id is ${object}`)).length, 0);
  });
});

describe("security roles", () => {
  test("are there and can be given and taken", async () => {
    const ada = await makeUser(session);
    const [role, other] = await rows(session, "select id, name from SecurityRole order by name");
    const held = async () =>
      (
        await rows(
          session,
          `select user_security_roles.security_role.name from User where id is ${ada.id}`,
        )
      )[0].user_security_roles.map((row) => row.security_role.name);
    const change = (action, data) =>
      session.call([{ action, user_id: ada.id, role_id: role.id, ...data }]);
    await change("add_user_security_role");
    assert.deepEqual(await held(), [role.name]);
    await change("grant_user_security_role_project", { project_id: studio.project.id });
    await change("revoke_user_security_role_project", { project_id: studio.project.id });
    await change("update_user_security_role", { new_role_id: other.id });
    assert.deepEqual(await held(), [other.name]);
    await session.call([
      { action: "remove_user_security_role", user_id: ada.id, role_id: other.id },
    ]);
    assert.deepEqual(await held(), []);
  });
});
