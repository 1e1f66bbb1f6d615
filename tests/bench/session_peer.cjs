// The same work as session.lua's scripts, with the official JavaScript client.
//   node session_peer.cjs start|read|create|lazy MODULES
const { writeFileSync } = require("node:fs");
const { createRequire } = require("node:module");
const [, , what, modules] = process.argv;
const { Session } = createRequire(`${modules}/`)("@ftrack/api");

const ATTRIBUTES =
  "name, description, bid, sort, start_date, end_date, context_type, project_id, status.name";

const work = {
  async start(session) {
    await session.query("select username from User limit 1");
  },
  async read(session) {
    let sum = 0;
    for (let offset = 0; offset < 5000; offset += 500) {
      const page = await session.query(`select ${ATTRIBUTES} from Task offset ${offset} limit 500`);
      for (const task of page.data) {
        sum += task.name.length + task.description.length + task.bid + task.sort;
        sum += task.start_date.valueOf() + task.end_date.valueOf();
        sum += task.context_type.length + task.project_id.length + task.status.name.length;
      }
    }
    if (!(sum > 0)) throw new Error("nothing was read");
  },
  async create(session) {
    const operations = [];
    for (let i = 0; i < 1000; i += 1) {
      operations.push({
        action: "create",
        entity_type: "Job",
        entity_data: { __entity_type__: "Job", status: "running", data: `{"number":${i}}` },
      });
    }
    await session.call(operations);
  },
  // It has no attributes that load themselves: a script asks for each.
  async lazy(session) {
    const tasks = await session.query("select id from Task limit 500");
    let sum = 0;
    for (const task of tasks.data) {
      const answer = await session.query(`select description from Task where id is "${task.id}"`);
      sum += answer.data[0].description.length;
    }
    if (!(sum > 0)) throw new Error("nothing was read");
  },
};

(async () => {
  const { FTRACK_SERVER, FTRACK_API_USER, FTRACK_API_KEY } = process.env;
  const session = new Session(FTRACK_SERVER, FTRACK_API_USER, FTRACK_API_KEY, {
    autoConnectEventHub: false,
  });
  await session.initializing;
  const started = process.cpuUsage();
  await work[what](session);
  const { user, system } = process.cpuUsage(started);
  writeFileSync(process.env.FIGURE, String((user + system) / 1e6));
})();
