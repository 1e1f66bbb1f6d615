/* What the page does on the wire, without drawing: it hears of changes and asks for the rows in sight. */

const SIGHT = { offset: "0", limit: "55" }; // what a window of 860 pixels asks for

export class Onlooker {
  seen = new Map(); // number of a phase → when it was first there
  lists = 0;
  #stop = new AbortController();
  #busy = false;
  #wanted = null;

  constructor(server) {
    this.server = server;
    this.#listen().catch((error) => {
      if (error.name !== "AbortError") throw error;
    });
  }

  close() {
    this.#stop.abort();
  }

  async #get(path) {
    const { url, headers } = this.server;
    const response = await fetch(url + path, { headers, signal: this.#stop.signal });
    if (!response.ok) throw new Error(`${path}: ${response.status}`);
    return response;
  }

  async #listen() {
    const response = await this.#get("/jobs/changes");
    for await (const bytes of response.body) {
      this.#wanted = /"version":(\d+)\}\s*$/.exec(new TextDecoder().decode(bytes))?.[1] ?? this.#wanted;
      if (!this.#busy) this.#look().catch(() => {});
    }
  }

  async #look() {
    this.#busy = true;
    while (this.#wanted !== null) {
      const after = this.#wanted;
      this.#wanted = null;
      const { jobs } = await (await this.#get(`/jobs/list?${new URLSearchParams({ ...SIGHT, after })}`)).json();
      this.lists++;
      this.#note(jobs);
    }
    this.#busy = false;
  }

  #note(jobs) {
    const now = performance.timeOrigin + performance.now();
    for (const { phase } of jobs) {
      const number = /^tick (\d+)$/.exec(phase)?.[1];
      if (number && !this.seen.has(number)) this.seen.set(number, now);
    }
  }
}
