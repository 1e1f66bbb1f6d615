/* The actions beside create, update, delete and query: the shape of each one's answer, and what each
 * refuses. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { after, before, describe, test } from "node:test";
import { openSession, operation, post, refused, rows, uuid, values } from "./support/client.mjs";
import { startServer } from "./support/server.mjs";
import { makeStudio, makeUser, makeVersions } from "./support/studio.mjs";

const WAIT_MS = 240_000;

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
  /* A component with data, by an upload. */
  async function upload(fileType, data = "pixels") {
    const component = uuid();
    const [, target] = await session.call([
      operation.create("FileComponent", { id: component, name: "plate", file_type: fileType }),
      { action: "get_upload_metadata", component_id: component, file_name: `plate${fileType}` },
    ]);
    await fetch(target.url, { method: "PUT", headers: target.headers, body: data });
    return component;
  }

  /* Answers the job as it is at first, and as it has ended. */
  async function encode(component, options = {}) {
    const { job_id: id } = await call({
      action: "encode_media",
      component_id: component,
      version_id: null,
      keep_original: true,
      ...options,
    });
    const read = async () => {
      const [job] = await rows(
        session,
        `select status, data, user_id, job_components.component_id from Job where id is ${id}`,
      );
      return { ...job, data: JSON.parse(job.data) };
    };
    const first = await read();
    await server.letCommandsEnd();
    let job = first;
    for (const deadline = Date.now() + WAIT_MS; Date.now() < deadline; job = await read()) {
      if (!["queued", "running"].includes(job.status)) break;
      await new Promise((go) => setTimeout(go, 50));
    }
    return { first, job };
  }

  const succeed = 'for last; do :; done; printf "encoded" > "$last"';
  const text = async (id) => (await fetch(session.getComponentUrl(id))).text();

  test("makes a video and a picture, which becomes the version's thumbnail", async () => {
    await server.putCommand("ffmpeg", succeed);
    const { versions } = await makeVersions(session, studio.shots["sq010/sh0010"].id, 1);
    const component = await upload(".mov");
    const { first, job } = await encode(component, { version_id: versions[0] });
    const formats = first.data.output.map(({ format }) => format);
    assert.deepEqual(formats, ["video/mp4", "image/jpeg"]);
    assert.equal(first.data.source_component_id, component);
    assert.equal(first.data.keep_original, true);
    assert.equal(first.user_id, me.id);
    assert.equal(job.status, "done");
    assert.deepEqual(job.data, first.data);
    const outputs = job.data.output.map((output) => output.component_id);
    for (const id of outputs) assert.equal(await text(id), "encoded");
    assert.deepEqual(job.job_components.map((row) => row.component_id).sort(), [...outputs].sort());
    const [version] = await rows(
      session,
      `select thumbnail_id, components.name, components.component_locations.location.name ` +
        `from AssetVersion where id is ${versions[0]}`,
    );
    assert.equal(version.thumbnail_id, outputs[1]);
    assert.deepEqual(version.components.map(({ name }) => name).sort(), [
      "ftrackreview-image",
      "ftrackreview-mp4",
    ]);
    assert.equal(await text(component), "pixels");
  });

  /* The metadata ftr_meta of the outputs, in their order. */
  async function measures(job) {
    const read = async ({ component_id: id }) => {
      const [meta] = await values(session, "value", `select value from Metadata where parent_id is ${id} and key is ftr_meta`);
      return meta && JSON.parse(meta);
    };
    return Promise.all(job.data.output.map(read));
  }

  test("outputs tell what they measure, as web players look for it", async () => {
    await server.putCommand("ffmpeg", succeed);
    await server.putCommand(
      "ffprobe",
      `printf '{"streams":[{"width":640,"height":360,"nb_frames":"48","avg_frame_rate":"24000/1001"}]}'`,
    );
    const { job } = await encode(await upload(".mov"));
    assert.deepEqual(await measures(job), [
      { frameIn: 0, frameOut: 47, frameRate: 23.976, height: 360, width: 640 },
      { format: "image", height: 360, width: 640 },
    ]);
    await server.putCommand("ffprobe", "exit 1");
    const { job: other } = await encode(await upload(".mov"));
    assert.equal(other.status, "done");
    assert.deepEqual(await measures(other), [undefined, undefined]);
  });

  test("removes the source that was not to be kept", async () => {
    await server.putCommand("ffmpeg", succeed);
    const component = await upload(".exr");
    const { job } = await encode(component, { keep_original: false });
    assert.equal(job.status, "done");
    assert.deepEqual(job.data.output.map(({ format }) => format), ["image/jpeg"]);
    assert.deepEqual(await rows(session, `select id from Component where id is ${component}`), []);
  });

  test("shows pictures as they are, at once", async () => {
    const component = await upload(".PNG");
    const { first } = await encode(component);
    assert.equal(first.status, "done");
    assert.deepEqual(first.data.output, [{ format: "image/png", component_id: component }]);
  });

  test("that fails says why, and leaves nothing behind but the source", async () => {
    await server.putCommand("ffmpeg", `${server.untilCommandsMayEnd}; echo "moov atom not found" >&2; exit 1`);
    const component = await upload(".mov");
    const { first, job } = await encode(component, { keep_original: false });
    assert.equal(job.status, "failed");
    assert.match(job.data.reason, /moov atom not found/);
    assert.equal(job.data.source_component_id, component);
    assert.deepEqual([job.data.output, job.job_components], [[], []]);
    const ids = first.data.output.map((output) => output.component_id);
    assert.deepEqual(await rows(session, `select id from Component where id in (${ids})`), []);
    assert.equal(await text(component), "pixels");
  });

  test("of what has no data, or is no media, fails at once", async () => {
    const empty = uuid();
    await session.create("FileComponent", { id: empty, name: "plate", file_type: ".mov" });
    for (const component of [empty, await upload(".txt")]) {
      const { first } = await encode(component);
      assert.equal(first.status, "failed");
      assert.equal(typeof first.data.reason, "string");
    }
  });

  test("several wait for each other", async () => {
    await server.putCommand("ffmpeg", `${server.untilCommandsMayEnd}; ${succeed}`);
    const components = await Promise.all([".mov", ".mp4", ".tif"].map((type) => upload(type)));
    const ended = await Promise.all(components.map((component) => encode(component)));
    assert.deepEqual(ended.map(({ job }) => job.status), ["done", "done", "done"]);
  });

  test("what a server leaves behind has failed", async () => {
    await server.putCommand("ffmpeg", "exec sleep 600");
    const component = await upload(".mov");
    const { job_id: id } = await call({ action: "encode_media", component_id: component });
    await server.restart();
    session = await openSession(server);
    const [job] = await rows(session, `select status, data from Job where id is ${id}`);
    assert.equal(job.status, "failed");
    assert.equal(typeof JSON.parse(job.data).reason, "string");
  });

  test("of a component that is not there is refused", async () => {
    await assert.rejects(
      session.call([
        { action: "encode_media", component_id: uuid(), version_id: null, keep_original: true },
      ]),
    );
  });
});

describe("encode_media with what is installed", () => {
  /* A server of its own, which finds programs in `searchPath`. */
  async function serverWith(searchPath, work) {
    const path = process.env.PATH;
    process.env.PATH = searchPath;
    const own = await startServer().finally(() => (process.env.PATH = path));
    try {
      await work(await openSession(own));
    } finally {
      await own.stop();
    }
  }

  async function encodeFilm(own, data) {
    const component = uuid();
    const [, target] = await own.call([
      operation.create("FileComponent", { id: component, name: "film", file_type: ".mov" }),
      { action: "get_upload_metadata", component_id: component, file_name: "film.mov" },
    ]);
    await fetch(target.url, { method: "PUT", headers: target.headers, body: data });
    const [{ job_id: id }] = await own.call([
      { action: "encode_media", component_id: component, version_id: null, keep_original: true },
    ]);
    const read = async () => (await rows(own, `select status, data from Job where id is ${id}`))[0];
    const first = await read();
    let job = first;
    for (const deadline = Date.now() + WAIT_MS; Date.now() < deadline; job = await read()) {
      if (!["queued", "running"].includes(job.status)) break;
      await new Promise((go) => setTimeout(go, 100));
    }
    return { first: JSON.parse(first.data), job: { ...job, data: JSON.parse(job.data) } };
  }

  test("without ffmpeg the job says what it was to make, and fails a little later", async () => {
    await serverWith("/nowhere", async (own) => {
      const { first, job } = await encodeFilm(own, "pixels");
      assert.deepEqual(first.output.map(({ format }) => format), ["video/mp4", "image/jpeg"]);
      assert.equal(job.status, "failed");
      assert.match(job.data.reason, /ffmpeg is not installed/);
    });
  });

  test("with it there is a film to look at", async (t) => {
    const film = spawnSync(
      "ffmpeg",
      ["-v", "error", "-f", "lavfi", "-i", "testsrc=size=128x72:rate=25:duration=1", "-f", "mov"]
        .concat(["-movflags", "frag_keyframe+empty_moov", "-"]),
      { maxBuffer: 1 << 26 },
    );
    if (film.status !== 0) return t.skip("ffmpeg is not installed");
    await serverWith(process.env.PATH, async (own) => {
      const { job } = await encodeFilm(own, film.stdout);
      assert.equal(job.status, "done", job.data.reason);
      const [video, image] = job.data.output.map(({ component_id: id }) => id);
      const [meta] = await values(own, "value", `select value from Metadata where parent_id is ${video}`);
      assert.deepEqual(JSON.parse(meta), { frameIn: 0, frameOut: 24, frameRate: 25, height: 72, width: 128 });
      const picture = await (await fetch(own.getComponentUrl(image))).arrayBuffer();
      assert.deepEqual([...new Uint8Array(picture).slice(0, 2)], [0xff, 0xd8]);
    });
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
