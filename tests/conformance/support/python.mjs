/* Requests in the spelling of the official Python client: its JSON, its headers, its keys as lists of
 * strings, and what it does with each answer of a commit. */
import assert from "node:assert/strict";
import { pythonDump } from "./digest.mjs";
import { post } from "./client.mjs";

export class Python {
  constructor(server) {
    this.server = server;
  }

  /* Sends operations; the answer or, if the server refused, its error. */
  async call(...operations) {
    const answer = await post(this.server, pythonDump(operations), {
      accept: "application/json",
      "ftrack-strict-api": "false",
    });
    assert.equal(answer.status, 200);
    return answer.body;
  }

  /* As session.commit(): every element must have an action, and those of create and update an entity
   * with its type and whole primary key. */
  async commit(...operations) {
    const answer = await this.call(...operations);
    assert.ok(Array.isArray(answer), JSON.stringify(answer));
    assert.equal(answer.length, operations.length);
    answer.forEach(({ action, data }, index) => {
      assert.equal(action, operations[index].action);
      if (action === "delete") return;
      assert.equal(typeof data.__entity_type__, "string");
      const key = operations[index].entity_key;
      const found = Object.values(data);
      for (const part of key) assert.ok(found.includes(part), `${part} in ${JSON.stringify(data)}`);
    });
    return answer.map(({ data }) => data);
  }

  async refused(...operations) {
    const answer = await this.call(...operations);
    assert.equal(Array.isArray(answer), false, JSON.stringify(answer));
    assert.deepEqual(Object.keys(answer).sort(), ["content", "error_code", "exception"]);
    return answer;
  }

  /* A page of a query: the rows and the next offset, read as that client reads it. */
  async page(expression) {
    const answer = await this.call({ action: "query", expression });
    assert.ok(Array.isArray(answer), JSON.stringify(answer));
    const [{ data, metadata }] = answer;
    assert.equal(typeof metadata, "object");
    if ("next" in metadata) assert.notEqual(metadata.next, null);
    return { data, next: metadata.next?.offset ?? null };
  }

  async query(expression) {
    return (await this.page(expression)).data;
  }
}

const operation = (action, type, key, data) => ({
  action,
  entity_type: type,
  entity_key: key,
  ...(data && { entity_data: { __entity_type__: type, ...data } }),
});

/* The key is part of what is created, and only beside what is updated. */
export const create = (type, key, data) =>
  operation("create", type, Object.values(key), { ...key, ...data });
export const update = (type, key, data) => operation("update", type, key, data);
export const remove = (type, key) => operation("delete", type, key);
export const reference = (type, id) => ({ __entity_type__: type, id });
export const datetime = (value) => ({ __type__: "datetime", value });
