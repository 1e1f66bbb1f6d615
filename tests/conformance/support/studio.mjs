/* A small studio, made with the official client: what the suites ask about. */
import { operation, uuid } from "./client.mjs";

/* Ids that every server has. */
export const fixed = {
  projectSchema: "69cb7f92-4dbf-11e1-9902-f23c91df25eb",
  locations: {
    "ftrack.origin": "ce9b348f-8809-11e3-821c-20c9d081909b",
    "ftrack.unmanaged": "cb268ecc-8809-11e3-a7e2-20c9d081909b",
    "ftrack.review": "cd41be70-8809-11e3-b98a-20c9d081909b",
    "ftrack.connect": "07b82a97-8cf9-11e3-9383-20c9d081909b",
    "ftrack.server": "3a372bde-05bc-11e4-8908-20c9d081909b",
  },
  objectTypes: {
    Task: "11c137c0-ee7e-4f9c-91c5-8c77cec22b2c",
    Shot: "bad911de-3bd6-47b9-8b46-3476e237cb36",
    Sequence: "e5139355-61da-4c8f-9db4-3abc870166bc",
    Episode: "22139355-61da-4c8f-9db4-3abc870166bc",
    Folder: "3c133785-51cb-11e3-980a-20c9d0831e59",
    AssetBuild: "4be63b64-5010-42fb-bf1f-428af9d638f0",
    Milestone: "01decdd1-51cb-11e3-9d5b-20c9d0831e59",
  },
  priority: "9661b320-3a0c-11e2-81c1-0800200c9a66",
};

/* Two sequences with two shots with three tasks each, all dates and numbers told by their place. */
const SEQUENCES = ["sq010", "sq020"];
const SHOTS = ["sh0010", "sh0020"];
const TASKS = ["animation", "lighting", "compositing"];

class Studio {
  operations = [];
  sequences = {};
  shots = {};
  tasks = {};

  add(type, data) {
    const entity = { id: uuid(), ...data };
    this.operations.push(operation.create(type, entity));
    return entity;
  }

  fill(name) {
    this.project = this.add("Project", {
      name,
      full_name: `The ${name} film`,
      project_schema_id: fixed.projectSchema,
      start_date: "2026-01-05T00:00:00",
    });
    for (const sequence of SEQUENCES) {
      this.sequences[sequence] = this.add("Sequence", {
        name: sequence,
        parent_id: this.project.id,
        project_id: this.project.id,
      });
      for (const shot of SHOTS) this.#addShot(sequence, shot);
    }
  }

  #addShot(sequence, shot) {
    const path = `${sequence}/${shot}`;
    this.shots[path] = this.add("Shot", {
      name: shot,
      description: `${path}: 100% "done"`,
      parent_id: this.sequences[sequence].id,
      project_id: this.project.id,
    });
    TASKS.forEach((task, index) => {
      this.tasks[`${path}/${task}`] = this.add("Task", {
        name: task,
        bid: index * 3600.5,
        start_date: `2026-02-0${index + 1}T10:00:00Z`,
        description: index === 2 ? null : `${task} of ${path}`,
        parent_id: this.shots[path].id,
        project_id: this.project.id,
      });
    });
  }
}

/* Makes a project and what is below it in one batch. */
export async function makeStudio(session, name = `film_${uuid().slice(0, 8)}`) {
  const studio = new Studio();
  studio.fill(name);
  await session.call(studio.operations);
  return studio;
}

/* An asset with `count` versions below a context; answers their ids. */
export async function makeVersions(session, contextId, count, name = "render") {
  const type = (await session.query("AssetType")).data[0];
  const asset = uuid();
  const versions = Array.from({ length: count }, uuid);
  await session.call([
    operation.create("Asset", { id: asset, name, context_id: contextId, type_id: type.id }),
    ...versions.map((id) => operation.create("AssetVersion", { id, asset_id: asset })),
  ]);
  return { asset, versions };
}

/* Another user with a key, for whom a second session can be opened. */
export async function makeUser(session, username = `user_${uuid().slice(0, 8)}`) {
  const id = uuid();
  await session.create("User", { id, username, is_active: true });
  const [answer] = await session.call([
    { action: "reset_remote", reset_type: "api_key", entity_type: "User", entity_key: id },
  ]);
  return { id, user: username, key: answer.data.api_key };
}
