/* One job: why it failed first, then how far it is, its log, its files, its facts, its relatives. Parts that
 * stay the same are kept, so that an update moves neither a scroll bar nor a movie that plays. */
import { api, Refused } from "./api.js";
import { announce, arrange, copyButton, element, icon, setText } from "./dom.js";
import { duration, exactTime, fraction, parseTime, relativeTime, shortTime } from "./format.js";
import { filesSection } from "./files.js";
import { Log } from "./log.js";
import { Bar, noteOf, secondsOf, startOf, STATUS_NAMES, statusBadge, titleOf } from "./row.js";

/* Keys of a job's data that have a place of their own. */
const PLACED = new Set(["description", "progress", "phase", "reason", "command", "name", "host", "pid", "started_at",
  "ended_at", "duration_s", "exit_code", "signal", "attempt", "log", "tail", "traceback", "heartbeat_at",
  "cancelled_by", "retry", "retry_of", "retry_by"]);
/* Keys that change all the time, and that no fact shows. */
const RESTLESS = ["progress", "phase", "tail", "heartbeat_at", "description"];
const VALUE_MAX = 2000;
/* Between two looks at one job, however much changes elsewhere; the first change after a pause is looked at at once. */
const PAUSE_MS = 1000;
const ENDED_PAUSE_MS = 5000;

function without(object, keys) {
  return Object.fromEntries(Object.entries(object).filter(([key]) => !keys.includes(key)));
}

/* As a shell would take it. */
function commandLine(command) {
  if (!Array.isArray(command)) return typeof command === "string" ? command : "";
  return command.map((word) => {
    const text = String(word);
    return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
  }).join(" ");
}

function valueText(value) {
  const text = typeof value === "string" ? value : JSON.stringify(value);
  return text.length > VALUE_MAX ? `${text.slice(0, VALUE_MAX)}…` : text;
}

export class Detail {
  #id = "";
  #answer = null;
  #request = null;
  #status = ""; // that was shown last
  #asked = -Infinity; // when the server was asked last
  #later = null;
  #parts = {}; // name → { key, node }

  /* `close()`, `cancel(job)`, `retry(job, command)`, `open(id)`, `failed(error)`, `titled(text)`: what is shown. */
  constructor(root, actions) {
    this.root = root;
    this.actions = actions;
    this.body = element("div", { class: "detail-body" });
    root.append(this.body);
    setInterval(() => this.#tick(), 1000);
  }

  /* Of what is shown; without end where nothing is. */
  get version() {
    return this.#id ? this.#answer?.version ?? 0 : Infinity;
  }

  /* Shows this job, or closes for "". */
  async show(id) {
    if (id === this.#id) return;
    this.#id = id;
    this.#answer = null;
    this.#parts = {};
    this.#status = "";
    this.#asked = -Infinity;
    this.root.hidden = !id;
    this.actions.titled("");
    this.body.replaceChildren();
    this.root.scrollTop = 0;
    if (id) await this.refresh().catch(() => {});
  }

  /* Asks again; `after` as for the list. For news (a version) that may be a little later. */
  async refresh(after = 0) {
    clearTimeout(this.#later);
    if (!this.#id) return;
    const ended = this.#status === "done" || this.#status === "failed";
    const wait = this.#asked + (ended ? ENDED_PAUSE_MS : PAUSE_MS) - performance.now();
    if (after > 0 && wait > 0) {
      this.#later = setTimeout(() => this.refresh().catch(() => {}), wait); // failed() has told
      return;
    }
    this.#asked = performance.now();
    this.#request?.abort();
    const request = (this.#request = new AbortController());
    try {
      const answer = await api.detail({ id: this.#id, after: after || "" }, request.signal);
      if (this.#request !== request) return;
      this.#answer = answer;
      this.#draw();
    } catch (error) {
      if (error.name === "AbortError") return;
      if (error instanceof Refused && error.status === 404) return this.#drawMissing(error.message);
      this.actions.failed(error);
      throw error;
    }
  }

  #drawMissing(message) {
    this.#parts = {};
    this.body.replaceChildren(
      element("header", { class: "detail-head" }, element("div", { class: "detail-actions" }, this.#closeButton())),
      element("p", { class: "problem" }, message));
  }

  // ---- parts ----

  /* A part of the page that is made anew when its key is another one. */
  #part(name, key, make) {
    const known = this.#parts[name];
    const text = JSON.stringify(key);
    if (!known || known.key !== text) this.#parts[name] = { key: text, node: make() };
    return this.#parts[name].node;
  }

  #draw() {
    const { job, data: told, files, related } = this.#answer;
    const data = told !== null && typeof told === "object" && !Array.isArray(told) ? told : {};
    const ids = files.map((file) => file.id);
    const log = files.find((file) => file.id === data.log);
    const nodes = [
      this.#part("head", [job.status, titleOf(job), data.retry], () => this.#head(job, data)),
      this.#part("reason", [job.status, job.reason, data.exit_code, data.signal], () => reasonSection(job, data)),
      this.#part("progress", job.status === "running", () => this.#progress(job)),
      this.#part("log", [Boolean(log), typeof data.tail === "string"], () => this.#log(log, data)),
      this.#part("files", [ids, data.log], () => filesSection(job.id, files, data.log)),
      this.#part("facts", [without(job, RESTLESS), without(data, RESTLESS)], () => this.#facts(job, data, told)),
      this.#part("related", related, () => this.#related(related, job, data)),
    ].filter(Boolean);
    const had = this.body.contains(document.activeElement);
    arrange(this.body, nodes);
    if (had && !this.body.contains(document.activeElement)) this.body.querySelector(".detail-title").focus({ preventScroll: true });
    this.#tell(job);
    this.#updateProgress(job);
    if (log) this.log.showFile(log);
    else if (typeof data.tail === "string" && job.status === "running") this.log.showTail(data.tail);
    this.#tick();
  }

  /* The title of the window, and how it went to whoever does not look. */
  #tell(job) {
    this.actions.titled(titleOf(job));
    if (this.#status && this.#status !== job.status) {
      const reason = job.status === "failed" ? `: ${noteOf(job)}` : "";
      announce(`${titleOf(job)}, ${STATUS_NAMES[job.status] ?? job.status}${reason}`);
    }
    this.#status = job.status;
  }

  #closeButton() {
    return element("button", { type: "button", class: "quiet icon-button", "aria-label": "Close", title: "Close (Esc)", onclick: this.actions.close }, icon("close"));
  }

  #head(job, data) {
    const active = job.status === "running" || job.status === "queued";
    const retry = () => this.actions.retry(job, commandLine(data.command));
    return element("header", { class: "detail-head" },
      element("div", { class: "detail-actions" },
        statusBadge(job.status),
        element("span", { class: "spring" }),
        active ? element("button", { type: "button", class: "danger", onclick: () => this.actions.cancel(job) }, "Cancel job…") : null,
        !active && data.retry === true
          ? element("button", { type: "button", onclick: retry }, icon("again"), job.status === "failed" ? "Retry…" : "Run again…") : null,
        copyButton("Copy link", () => new URL(`/?job=${encodeURIComponent(job.id)}`, location.href).href),
        this.#closeButton()),
      element("h2", { class: "detail-title", tabindex: "-1" }, titleOf(job)));
  }

  #progress(job) {
    if (job.status !== "running") return null;
    this.bar = new Bar();
    this.phase = element("span", {});
    this.elapsed = element("span", { class: "number" });
    return element("section", { class: "progress-box", "aria-label": "Progress" }, this.bar.root,
      element("p", { class: "progress-text" }, this.phase, this.elapsed));
  }

  #updateProgress(job) {
    if (job.status !== "running") return;
    const value = fraction(job.progress);
    this.bar.set(value);
    const percent = value === null ? "" : `${Math.floor(value * 100)} %`;
    setText(this.phase, [percent, noteOf(job)].filter(Boolean).join(" · ") || "Running");
  }

  #log(log, data) {
    if (!log && typeof data.tail !== "string") return null;
    this.log = new Log();
    return this.log.root;
  }

  #facts(job, data, told) {
    const started = parseTime(data.started_at), created = parseTime(job.created_at);
    const ended = parseTime(job.ended_at) ?? parseTime(job.finished_at);
    const command = commandLine(data.command);
    const list = element("dl", { class: "facts" });
    const add = (label, ...content) => {
      if (content.every((part) => part === "" || part === null || part === undefined)) return;
      list.append(element("div", { class: label === "Id" ? "fact fact-wide" : "fact" }, element("dt", {}, label), element("dd", {}, ...content)));
    };
    this.took = element("span", { class: "number" });
    add("User", job.user);
    add("Host", job.host);
    add("Name", job.name);
    add("Created", timeNode(created));
    add("Started", timeNode(started));
    add("Ended", timeNode(ended));
    add(job.status === "running" ? "Running for" : "Took", Number.isFinite(secondsOf(job)) ? this.took : null);
    add("Exit code", numberText(data.exit_code));
    add("Signal", numberText(data.signal));
    add("Attempt", data.attempt > 1 ? numberText(data.attempt) : "");
    add("Process", numberText(data.pid));
    add("Retried for", data.retry_by ? valueText(data.retry_by) : "");
    add("Cancelled by", data.cancelled_by ? valueText(data.cancelled_by) : "");
    for (const [key, value] of Object.entries(data)) {
      if (!PLACED.has(key) && value !== null && value !== "") add(key, valueText(value));
    }
    if (data !== told && told !== null) add("Data", valueText(told));
    add("Id", element("code", {}, job.id));
    return element("section", { class: "section" },
      command ? [
        element("div", { class: "section-head" }, element("h3", {}, "Command"), element("span", { class: "section-links" }, copyButton("Copy", command))),
        element("pre", { class: "command-line", tabindex: "0" }, command)] : null,
      data.traceback ? element("details", { class: "fold" }, element("summary", {}, "Traceback"),
        element("pre", { class: "log", tabindex: "0" }, valueText(data.traceback))) : null,
      element("div", { class: "section-head" }, element("h3", {}, "Details")), list);
  }

  #related(related, job, data) {
    if (related.length === 0) return null;
    return element("section", { class: "section" },
      element("div", { class: "section-head" }, element("h3", {}, data.name ? "Other runs with this name" : "Other runs of this command")),
      element("ul", { class: "related" }, related.map((other) => element("li", {},
        element("a", {
          href: `/?job=${encodeURIComponent(other.id)}`,
          onclick: (event) => {
            if (event.ctrlKey || event.metaKey || event.shiftKey) return;
            event.preventDefault();
            this.actions.open(other.id);
          },
        },
          statusBadge(other.status),
          element("span", { class: "related-title" }, relationOf(other, job, data), other.status === "failed" ? noteOf(other) : titleOf(other)),
          element("span", { class: "number" }, duration(secondsOf(other))),
          element("span", { class: "number", title: exactTime(startOf(other)) }, relativeTime(startOf(other))))))));
  }

  #tick() {
    const job = this.#answer?.job;
    if (!job || document.hidden) return;
    const text = duration(secondsOf(job));
    if (this.took) setText(this.took, text);
    if (job.status === "running" && this.elapsed) setText(this.elapsed, text);
  }
}

/* What another run is to this one, where they are more than alike. */
function relationOf(other, job, data) {
  const name = other.retry_of === job.id ? "Its retry" : other.id === data.retry_of ? "What it retries" : "";
  return name ? element("span", { class: "relation" }, name) : null;
}

function numberText(value) {
  return Number.isFinite(value) ? String(value) : "";
}

function timeNode(date) {
  if (!date) return null;
  return element("time", { datetime: date.toISOString(), title: exactTime(date) }, shortTime(date));
}

/* The first thing to read of a job that failed. */
function reasonSection(job, data) {
  if (job.status !== "failed") return null;
  const code = Number.isFinite(data.exit_code) ? `Exit code ${data.exit_code}` : "";
  const reason = noteOf(job);
  return element("section", { class: "reason", "aria-label": "Why it failed" }, icon("failed"),
    element("div", {}, element("p", { class: "reason-text" }, reason),
      code && !reason.includes(String(data.exit_code)) ? element("p", { class: "reason-more" }, code) : null));
}
