/* The actions beside create, update, delete and query: the shape of each one's answer, and what each
 * refuses. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { openSession, operation, post, refused, rows, uuid } from "./support/client.mjs";
import { startServer } from "./support/server.mjs";
import { makeStudio, makeUser, makeVersions } from "./support/studio.mjs";

const WAIT_MS = 30_000;

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

const call = async (action) => (await session.call([action]))[0];

describe("query_server_information and query_schemas", () => {
  test("answer the thing itself, without an envelope", async () => {
    const [information, schemas] = await session.call([
      { action: "query_server_information" },
      { action: "query_schemas" },
    ]);
    assert.equal(typeof information.version, "string");
    assert.equal(information.action, undefined);
    assert.equal(Array.isArray(schemas), true);
  });

  test("values limits the answer", async () => {
    const information = await call({
      action: "query_server_information",
      values: ["schema_hash", "no_such_value"],
    });
    assert.deepEqual(Object.keys(information), ["schema_hash"]);
  });
});

describe("search", () => {
  const search = (terms, options = {}) =>
    session.search({
      expression: "select name from Task",
      entityType: "Task",
      terms,
      contextId: studio.project.id,
      ...options,
    });

  test("finds by words, below a context", async () => {
    const answer = await search(["light"]);
    assert.equal(answer.action, "search");
    assert.equal(answer.data.length, 4);
    for (const { name } of answer.data) assert.equal(name, "lighting");
    assert.equal(typeof answer.metadata.next, "object");
  });

  test("all words must be there", async () => {
    assert.equal((await search(["light", "roto"])).data.length, 0);
  });

  test("no words find all, and the expression's own condition counts", async () => {
    assert.equal((await search([])).data.length, 12);
    const answer = await search([], { expression: 'select name from Task where name is "animation"' });
    assert.equal(answer.data.length, 4);
  });

  test("limited to some object types", async () => {
    const answer = await session.search({
      expression: "select name from TypedContext",
      entityType: "TypedContext",
      terms: ["sh0010"],
      contextId: studio.project.id,
      objectTypeIds: ["bad911de-3bd6-47b9-8b46-3476e237cb36"],
    });
    assert.deepEqual(answer.data.map(({ name }) => name), ["sh0010", "sh0010"]);
  });

  test("a word with a quote or a per cent sign is only a word", async () => {
    assert.equal((await search(['"', "%"])).data.length, 0);
  });
});

describe("reset_remote", () => {
  const reset = (key, type = "api_key") =>
    call({ action: "reset_remote", reset_type: type, entity_type: "User", entity_key: key });

  test("gives a new key each time, which works", async () => {
    const ada = await makeUser(session);
    const first = await reset(ada.id);
    const second = await reset(ada.id);
    assert.equal(first.action, "reset_remote");
    assert.notEqual(first.data.api_key, second.data.api_key);
    const as = { user: ada.user, key: second.data.api_key };
    const theirs = await openSession(server, { as });
    assert.equal(theirs.serverInformation.user_information.username, ada.user);
  });

  test("refuses anything but a user's key", async () => {
    await assert.rejects(reset(me.id, ["id"]));
    await assert.rejects(reset(me.id, "email"));
    await assert.rejects(reset(uuid()));
    await assert.rejects(
      call({ action: "reset_remote", reset_type: "api_key", entity_type: "Task", entity_key: me.id }),
    );
  });
});

describe("get_widget_url", () => {
  for (const name of ["info", "tasks", "tasks_browser"]) {
    test(`${name} leads to a page that needs no key`, async () => {
      const { widget_url: url } = await call({
        action: "get_widget_url",
        name,
        theme: null,
        ...(name === "info" && { entity_type: "Project", entity_key: [studio.project.id] }),
      });
      const response = await fetch(url);
      assert.equal(response.status, 200);
      assert.ok(!url.includes(server.key));
    });
  }

  test("of another name is refused", async () => {
    await refused(session.call([{ action: "get_widget_url", name: "nothing" }]), "ServerValidationError", /nothing/);
  });
});

describe("encode_media", () => {
  test("answers a job, which ends", async () => {
    const { versions } = await makeVersions(session, studio.shots["sq010/sh0010"].id, 1);
    const component = uuid();
    await session.create("FileComponent", { id: component, name: "plate", file_type: ".mov" });
    const answer = await call({
      action: "encode_media",
      component_id: component,
      version_id: versions[0],
      keep_original: false,
    });
    assert.equal(typeof answer.job_id, "string");
    const deadline = Date.now() + WAIT_MS;
    let job;
    do {
      [job] = await rows(session, `select status, type, data, user_id from Job where id is ${answer.job_id}`);
      assert.ok(job, "the job exists at once");
      if (["queued", "running"].includes(job.status)) await new Promise((go) => setTimeout(go, 100));
    } while (["queued", "running"].includes(job.status) && Date.now() < deadline);
    const data = JSON.parse(job.data);
    assert.equal(data.source_component_id, component);
    assert.equal(data.keep_original, false);
    assert.ok(Array.isArray(data.output));
    assert.equal(job.status, "failed", "there was no data to encode");
    assert.equal(typeof data.description, "string");
  });

  test("of a component that is not there is refused", async () => {
    await assert.rejects(
      session.call([
        { action: "encode_media", component_id: uuid(), version_id: null, keep_original: true },
      ]),
    );
  });
});

describe("invites", () => {
  test("are taken, several in a batch", async () => {
    const ada = await makeUser(session);
    const answers = await session.call([
      { action: "send_user_invite", user_id: ada.id },
      { action: "send_user_invite", user_id: me.id },
    ]);
    assert.deepEqual(answers, [{ sent: true }, { sent: true }]);
  });

  test("for review sessions", async () => {
    const [review, invitee] = [uuid(), uuid()];
    const [, , answer] = await session.call([
      operation.create("ReviewSession", { id: review, name: "r", project_id: studio.project.id }),
      operation.create("ReviewSessionInvitee", {
        id: invitee,
        name: "Ada",
        email: "ada@studio.example",
        review_session_id: review,
      }),
      { action: "send_review_session_invite", review_session_invitee_id: invitee },
    ]);
    assert.deepEqual(answer, { sent: true });
  });

  test("to nobody are refused", async () => {
    await assert.rejects(session.call([{ action: "send_user_invite", user_id: uuid() }]));
  });
});

describe("delayed_job", () => {
  test("answers a job", async () => {
    const answer = await call({ action: "delayed_job", job_type: "SYNC_USERS_LDAP" });
    assert.equal(answer.action, "delayed_job");
    assert.equal(answer.data.__entity_type__, "Job");
    const [job] = await rows(session, `select status, type from Job where id is ${answer.data.id}`);
    assert.ok(["queued", "running", "done", "failed"].includes(job.status));
  });
});

describe("generate_signed_url", () => {
  test("gives a URL at which anybody may read", async () => {
    const component = uuid();
    await session.create("FileComponent", { id: component, name: "x", file_type: ".txt" });
    const target = await call({
      action: "get_upload_metadata",
      component_id: component,
      file_name: "x.txt",
      file_size: 5,
    });
    await fetch(target.url, { method: "PUT", headers: target.headers, body: "hello" });
    const { signed_url: url } = await call({
      action: "generate_signed_url",
      component_id: component,
      operation: "get",
    });
    assert.equal(await (await fetch(url)).text(), "hello");
  });
});

describe("compute_rollups and permissions", () => {
  test("answer in their own shapes", async () => {
    const task = studio.tasks["sq010/sh0010/lighting"];
    const [rollups, permissions] = await session.call([
      { action: "compute_rollups", entity_type: "Task", entity_key: [task.id], rollups: [] },
      { action: "permissions", entity_type: "Task", entity_id: task.id, actions: [] },
    ]);
    assert.ok(Array.isArray(rollups.data));
    assert.equal(permissions.action, "permissions");
    assert.equal(typeof permissions.data, "object");
  });
});

describe("configure_totp", () => {
  test("without a code is refused by the words that clients know", async () => {
    await refused(
      session.call([{ action: "configure_totp", secret: "JBSWY3DPEHPK3PXP", code: "" }]),
      "ServerValidationError",
      /Code must be provided to enable totp/,
    );
  });
});

describe("an action that is unknown", () => {
  test("is refused by the words that clients look for", async () => {
    await refused(session.call([{ action: "levitate" }]), "ServerValidationError", /Invalid action u'levitate'/);
  });

  test("or is no word at all", async () => {
    for (const operations of [[{}], [{ action: 7 }], [{ action: null }], [7], [null], [[]], ["query"]]) {
      const { body, status } = await post(server, operations);
      assert.equal(status, 200);
      assert.equal(typeof body.exception, "string", JSON.stringify(operations));
    }
  });

  test("every action without what it needs is refused, and the server goes on", async () => {
    for (const action of [
      "query",
      "create",
      "update",
      "delete",
      "search",
      "get_upload_metadata",
      "complete_multipart_upload",
      "encode_media",
      "get_widget_url",
      "reset_remote",
      "send_user_invite",
      "send_review_session_invite",
      "delayed_job",
      "generate_signed_url",
      "add_user_security_role",
      "remove_user_security_role",
      "update_user_security_role",
      "grant_user_security_role_project",
      "revoke_user_security_role_project",
    ]) {
      const { body } = await post(server, [{ action }]);
      assert.equal(typeof body.exception, "string", action);
      assert.doesNotMatch(body.content, /Invalid action/, action);
    }
    assert.equal((await session.query("Location")).action, "query");
  });
});
