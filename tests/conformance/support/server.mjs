/* A real `moonshift serve`, on a port that the system chooses and a data folder that goes with it.
 *
 * The program is the one in MOONSHIFT_PROGRAM. Stopping it is a test, too: it must end by itself, with
 * nothing from a sanitizer on its error output. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";

const START_TIMEOUT_MS = 120_000;
const STOP_TIMEOUT_MS = 120_000;
const SETTING = /\b(FTRACK_SERVER|FTRACK_API_USER|FTRACK_API_KEY)=["']?([^"'\s]+)/;
const ADDRESS = /listening on (http\S+)/;

function environment(folder) {
  const { PATH, LANG, ASAN_OPTIONS, UBSAN_OPTIONS } = process.env;
  return {
    PATH: `${join(folder, "bin")}:${PATH}`,
    LANG: LANG ?? "C.UTF-8",
    ...(ASAN_OPTIONS && { ASAN_OPTIONS }),
    ...(UBSAN_OPTIONS && { UBSAN_OPTIONS }),
    HOME: folder,
    TMPDIR: folder,
    USER: "conformance",
    LOGNAME: "conformance",
    XDG_DATA_HOME: join(folder, "share"),
    XDG_CONFIG_HOME: join(folder, "config"),
    XDG_STATE_HOME: join(folder, "state"),
    XDG_CACHE_HOME: join(folder, "cache"),
  };
}

class Server {
  settings = {};
  errors = "";
  #options;

  constructor(folder, options) {
    this.folder = folder;
    this.#options = options;
  }

  get url() {
    return this.settings.FTRACK_SERVER;
  }
  get user() {
    return this.settings.FTRACK_API_USER;
  }
  get key() {
    return this.settings.FTRACK_API_KEY;
  }

  #spawn() {
    const program = process.env.MOONSHIFT_PROGRAM;
    assert.ok(program, "MOONSHIFT_PROGRAM names the program under test");
    const data = join(this.folder, "data");
    const options = ["--listen", "127.0.0.1:0", "--data", data, ...this.#options];
    this.child = spawn(program, ["serve", ...options], {
      cwd: this.folder,
      env: environment(this.folder),
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.exited = once(this.child, "exit");
    process.once("exit", () => this.child.kill("SIGKILL"));
    this.child.stderr.setEncoding("utf8").on("data", (text) => (this.errors += text));
  }

  /* Resolves as soon as `isReady` is true of the lines printed so far. */
  async #settled(isReady) {
    const lines = createInterface({ input: this.child.stdout });
    const deadline = setTimeout(() => this.child.kill("SIGKILL"), START_TIMEOUT_MS);
    try {
      for await (const line of lines) {
        const [, name, value] = SETTING.exec(line) ?? [];
        if (name) this.settings[name] = value;
        if (isReady(line)) return;
      }
    } finally {
      clearTimeout(deadline);
      this.child.stdout.resume();
    }
    throw new Error(`moonshift serve ended before it was ready:\n${this.errors}`);
  }

  static async start(...options) {
    const folder = await mkdtemp(join(tmpdir(), "moonshift-conformance-"));
    const server = new Server(folder, options);
    server.#spawn();
    try {
      await server.#settled(() => server.url && server.user && server.key);
    } catch (error) {
      await rm(folder, { recursive: true, force: true });
      throw error;
    }
    return server;
  }

  /* A shell script that the server finds as a command, before others of that name. */
  async putCommand(name, script) {
    await rm(join(this.folder, "may-end"), { force: true });
    await mkdir(join(this.folder, "bin"), { recursive: true });
    await writeFile(join(this.folder, "bin", name), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  }

  /* In a script of putCommand: waits until the test then calls letCommandsEnd. */
  get untilCommandsMayEnd() {
    return `until test -e '${this.folder}/may-end'; do sleep 0.05; done`;
  }

  letCommandsEnd() {
    return writeFile(join(this.folder, "may-end"), "");
  }

  async #end() {
    const deadline = setTimeout(() => this.child.kill("SIGKILL"), STOP_TIMEOUT_MS);
    this.child.kill("SIGTERM");
    const [code, signal] = await this.exited;
    clearTimeout(deadline);
    assert.notEqual(signal, "SIGKILL", "the server had to be killed");
    assert.ok(!/Sanitizer|runtime error/.test(this.errors), `the server said:\n${this.errors}`);
    assert.equal(code, 0, `exit code of the server; it said:\n${this.errors}`);
  }

  /* A new process on the same data, at another port. */
  async restart() {
    await this.#end();
    this.#spawn();
    await this.#settled((line) => {
      const [, url] = ADDRESS.exec(line) ?? [];
      if (url) this.settings.FTRACK_SERVER = url;
      return url;
    });
  }

  async stop() {
    try {
      await this.#end();
    } finally {
      await rm(this.folder, { recursive: true, force: true });
    }
  }
}

export const startServer = Server.start;
