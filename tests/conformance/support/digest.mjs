/* The hash of a schema document as clients compute it: MD5 of Python's json.dumps(…, sort_keys=True),
 * written anew here so that the server's own printer is not what checks it. */
import { createHash } from "node:crypto";

function text(string) {
  return JSON.stringify(string).replace(
    /[\u007f-\uffff]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

function compare(a, b) {
  return a < b ? -1 : a > b ? 1 : 0;
}

export function pythonDump(value) {
  if (Array.isArray(value)) return `[${value.map(pythonDump).join(", ")}]`;
  if (value !== null && typeof value === "object") {
    const members = Object.keys(value).sort(compare);
    return `{${members.map((name) => `${text(name)}: ${pythonDump(value[name])}`).join(", ")}}`;
  }
  return typeof value === "string" ? text(value) : JSON.stringify(value);
}

export function schemaHash(schemas) {
  return createHash("md5").update(pythonDump(schemas)).digest("hex");
}
