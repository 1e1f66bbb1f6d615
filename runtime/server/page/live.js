/* News from the server: a stream of events while there is one, else a look every three seconds. A page that
 * nobody sees listens to nothing, because a browser has few connections to one host. */

const POLL_MS = 3000;

export class Live {
  #source = null;
  #poll = null;
  #state = "";

  /* `changed(version)` looks for what is new (as of the version, 0: now) and rejects when the server cannot be
   * reached; `told(state)` hears "online" or "offline". */
  constructor(changed, told) {
    this.changed = changed;
    this.told = told;
    document.addEventListener("visibilitychange", () => {
      if (this.#state) this.#listen();
    });
  }

  start() {
    this.#tell("online");
    this.#listen();
  }

  stop() {
    this.#source?.close();
    this.#source = null;
    clearInterval(this.#poll);
    this.#poll = null;
    this.#state = "";
  }

  /* Tells how a request went that somebody else made. */
  noticed(reached) {
    if (!this.#state) return;
    this.#tell(reached ? "online" : "offline");
    if (!reached) this.#beginPolling();
  }

  #tell(state) {
    if (state === this.#state) return;
    this.#state = state;
    this.told(state);
  }

  #listen() {
    this.#source?.close();
    this.#source = null;
    if (document.hidden) return;
    this.#source = new EventSource("/jobs/changes");
    this.#source.addEventListener("change", (event) => this.#look(JSON.parse(event.data).version));
    this.#source.addEventListener("open", () => this.#endPolling());
    this.#source.addEventListener("error", () => this.#beginPolling());
  }

  #beginPolling() {
    this.#poll ??= setInterval(() => {
      if (document.hidden) return;
      this.#look(0);
      if (this.#source?.readyState === EventSource.CLOSED) this.#listen();
    }, POLL_MS);
  }

  #endPolling() {
    clearInterval(this.#poll);
    this.#poll = null;
    this.#tell("online");
  }

  #look(version) {
    Promise.resolve(this.changed(version)).then(() => this.noticed(true), () => {});
  }
}
