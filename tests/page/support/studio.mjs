/* A studio of one machine: a real `moonshift serve` over a folder that goes with it, and commands that run
 * as its jobs. */
import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { promisify } from "node:util";

const START_TIMEOUT_MS = 120_000;
const STOP_TIMEOUT_MS = 120_000;
const PROGRAM = process.env.MOONSHIFT_PROGRAM;

/* Of this process alone: while a server is away, nobody else is given its port. */
function ownAddress() {
  return `127.${16 + ((process.pid >> 16) % 64)}.${(process.pid >> 8) & 255}.${process.pid & 255}`;
}

export class Studio {
  errors = "";
  #runs = new Set();

  static async open() {
    assert.ok(PROGRAM, "MOONSHIFT_PROGRAM names the program under test");
    const studio = new Studio();
    studio.folder = await mkdtemp(join(tmpdir(), "moonshift-page-"));
    studio.work = join(studio.folder, "work");
    await mkdir(studio.work);
    await studio.serve(`${ownAddress()}:0`);
    return studio;
  }

  #environment() {
    const { PATH, LANG, ASAN_OPTIONS, UBSAN_OPTIONS } = process.env;
    const folders = ["DATA", "CONFIG", "STATE", "CACHE"].map((name) =>
      [`XDG_${name}_HOME`, join(this.folder, name.toLowerCase())]);
    return {
      PATH: `${join(this.folder, "bin")}:${PATH}`, LANG: LANG ?? "C.UTF-8", HOME: this.folder, TMPDIR: this.folder, USER: "ada", LOGNAME: "ada",
      ...Object.fromEntries(folders),
      ...(ASAN_OPTIONS && { ASAN_OPTIONS }), ...(UBSAN_OPTIONS && { UBSAN_OPTIONS }),
    };
  }

  /* Starts the server and reads what it prints: its address, the one-time link, on the first start the key. */
  async serve(address, ...options) {
    this.link = undefined;
    this.server = spawn(PROGRAM, ["serve", "--listen", address, ...options], {
      cwd: this.folder, env: this.#environment(), stdio: ["ignore", "pipe", "pipe"],
    });
    this.server.stderr.setEncoding("utf8").on("data", (text) => (this.errors += text));
    const deadline = setTimeout(() => this.server.kill("SIGKILL"), START_TIMEOUT_MS);
    for await (const line of createInterface({ input: this.server.stdout })) {
      this.url = /listening on (\S+)/.exec(line)?.[1] ?? this.url;
      this.link = /(http\S+\?token=\S+)/.exec(line)?.[1] ?? this.link;
      this.key = /FTRACK_API_KEY='(.+)'/.exec(line)?.[1] ?? this.key;
      if (this.url && this.key && /FTRACK_API_KEY|A key was shown/.test(line)) break;
    }
    clearTimeout(deadline);
    assert.ok(this.key, `moonshift serve ended before it was ready:\n${this.errors}`);
    this.server.stdout.resume();
  }

  async stopServer() {
    const exited = once(this.server, "exit");
    const deadline = setTimeout(() => this.server.kill("SIGKILL"), STOP_TIMEOUT_MS);
    this.server.kill("SIGTERM");
    const [code] = await exited;
    clearTimeout(deadline);
    assert.ok(!/Sanitizer|runtime error/.test(this.errors), `the server said:\n${this.errors}`);
    assert.equal(code, 0, `exit code of the server; it said:\n${this.errors}`);
  }

  async close() {
    for (const run of this.#runs) run.kill("SIGKILL");
    await this.stopServer();
    await rm(this.folder, { recursive: true, force: true });
  }

  /* What `moonshift …` prints. */
  async program(...options) {
    const { stdout } = await promisify(execFile)(PROGRAM, options, { cwd: this.work, env: this.#environment() });
    return stdout.trim();
  }

  get trackerVariables() {
    return { FTRACK_SERVER: this.url, FTRACK_API_USER: "ada", FTRACK_API_KEY: this.key };
  }

  get headers() {
    return { "ftrack-user": "ada", "ftrack-api-key": this.key };
  }

  /* Operations for POST /api. */
  async call(operations) {
    const response = await fetch(`${this.url}/api`, {
      method: "POST",
      headers: { ...this.headers, "content-type": "application/json", "ftrack-strict-api": "true" },
      body: JSON.stringify(operations),
    });
    const answer = await response.json();
    assert.ok(response.ok, answer.content);
    return answer;
  }

  /* Begins `moonshift wrap OPTIONS -- sh -c SCRIPT` in the work folder; .ended resolves to its exit code. */
  begin(options, script) {
    const run = spawn(PROGRAM, ["wrap", "--quiet", ...options, "--", "sh", "-c", script], {
      cwd: this.work, env: { ...this.#environment(), ...this.trackerVariables }, stdio: "ignore",
    });
    this.#runs.add(run);
    run.ended = once(run, "exit").then(([code]) => {
      this.#runs.delete(run);
      return code;
    });
    return run;
  }

  run(options, script) {
    return this.begin(options, script).ended;
  }

  write(name, bytes) {
    return writeFile(join(this.work, name), bytes);
  }
}
