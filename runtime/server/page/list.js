/* The list: of however many jobs there are, only the rows in sight exist, and only the jobs around them were
 * asked for. Rows stay where they are while new jobs come in above them. */
import { api, Refused } from "./api.js";
import { announce, copyButton, element } from "./dom.js";
import { count, setServerTime } from "./format.js";
import { Row, STATUS_NAMES, titleOf } from "./row.js";

const MARGIN_ROWS = 40;    // asked for above and below what is in sight
const OVERSCAN_ROWS = 6;   // drawn above and below what is in sight
const COLUMNS = ["Status", "Job", "Progress", "User", "Host", "Started", "Took", "Files"];

export class JobList {
  #filter = () => ({});
  #jobs = [];        // of the window
  #offset = 0;       // of the window's first job
  #total = null;     // null: nothing is known yet
  #active = 0;       // the row that the arrows move
  #selectedId = "";
  #rows = new Map(); // index → Row
  #free = [];
  #request = null;
  version = 0;       // of what is shown
  rowHeight = 54;    // until it is measured

  /* `open(id)`: a job was chosen. `listed(answer)`: the server told counts. `failed(error)`. */
  constructor(root, { open, listed, failed, clear }) {
    Object.assign(this, { open, listed, failed, clear });
    this.canvas = element("div", { class: "canvas", role: "rowgroup" });
    const head = element("div", { class: "row row-head", role: "row", "aria-rowindex": "1" },
      COLUMNS.map((name) => element("span", {
        class: `cell cell-${name === "Job" ? "title" : name.toLowerCase()}`, role: "columnheader",
      }, name)));
    this.grid = element("div", { class: "grid", role: "grid", tabindex: "0", "aria-label": "Jobs, newest first" },
      element("div", { role: "rowgroup", class: "grid-head" }, head), this.canvas);
    this.empty = element("div", { class: "empty", hidden: true });
    root.append(this.grid, this.empty);
    this.grid.addEventListener("scroll", () => this.#scrolled(), { passive: true });
    this.grid.addEventListener("click", (event) => this.#clicked(event));
    new ResizeObserver(() => this.#measure()).observe(this.grid);
    setInterval(() => this.#rows.forEach((row) => row.tick()), 1000);
  }

  /* Shows other jobs from the top. */
  setFilter(filter) {
    this.#filter = filter;
    this.#active = 0;
    this.#total = null;
    this.#jobs = [];
    this.grid.scrollTop = 0;
    return this.refresh();
  }

  select(id) {
    this.#selectedId = id;
    const at = this.#jobs.findIndex((job) => job.id === id);
    if (at >= 0) this.#active = this.#offset + at;
    this.#draw();
  }

  focus() {
    this.grid.focus({ preventScroll: true });
  }

  /* Asks for the jobs around what is in sight, as they were at the version `after` or later; 0: now. Resolves when
   * they are shown. */
  async refresh(after = 0) {
    const { first, last } = this.#sight();
    const offset = Math.max(0, first - MARGIN_ROWS);
    const parameters = { ...this.#filter(), offset, limit: last - offset + MARGIN_ROWS, after: after || "" };
    this.#request?.abort();
    const request = (this.#request = new AbortController());
    try {
      this.#take(await api.list(parameters, request.signal));
    } catch (error) {
      if (error.name === "AbortError") return;
      if (error instanceof Refused) this.#showRefusal(error);
      this.failed(error);
      throw error;
    } finally {
      if (this.#request === request) this.#request = null;
    }
    this.#ask(); // while the answer was on its way the reader may have scrolled on
  }

  /* Shows an answer that was asked for elsewhere, from the top of this filter's jobs. */
  begin(filter, answer) {
    this.#filter = filter;
    this.#take(answer);
    this.#ask();
  }

  #take(answer) {
    setServerTime(answer.now);
    this.version = answer.version;
    const anchor = this.#anchor();
    const told = this.#total;
    this.#jobs = answer.jobs;
    this.#offset = answer.offset;
    this.#total = answer.total;
    this.canvas.style.height = `${answer.total * this.rowHeight}px`;
    this.grid.setAttribute("aria-rowcount", answer.total + 1);
    this.#restore(anchor);
    this.listed(answer);
    this.#showEmpty(answer);
    this.#draw();
    if (told === null) announce(`${count(answer.total)} jobs`);
  }

  /* The first row in sight, to find it again; at the top new jobs may push it down. */
  #anchor() {
    if (this.grid.scrollTop < this.rowHeight) return null;
    const index = this.#sight().first;
    const job = this.#jobs[index - this.#offset];
    return job ? { id: job.id, index } : null;
  }

  #restore(anchor) {
    const at = anchor ? this.#jobs.findIndex((job) => job.id === anchor.id) : -1;
    if (at < 0) return;
    const moved = this.#offset + at - anchor.index;
    if (moved === 0) return;
    this.grid.scrollTop += moved * this.rowHeight;
    this.#active = Math.max(0, this.#active + moved);
  }

  #showEmpty(answer) {
    const none = answer.total === 0;
    this.grid.classList.toggle("grid-empty", none);
    this.empty.hidden = !none;
    if (!none) return;
    const filtered = Object.values(this.#filter()).some(Boolean);
    this.empty.replaceChildren(...(filtered ? this.#nothingFound() : nothingYet()));
  }

  #showRefusal(error) {
    this.grid.classList.add("grid-empty");
    this.empty.hidden = false;
    this.empty.replaceChildren(
      element("h2", {}, "These jobs cannot be listed"),
      element("p", {}, error.message),
      element("button", { type: "button", onclick: () => this.clear() }, "Clear the filters"));
  }

  #nothingFound() {
    return [
      element("h2", {}, "No job matches"),
      element("p", {}, "There are jobs, but none with these filters."),
      element("button", { type: "button", onclick: () => this.clear() }, "Clear the filters"),
    ];
  }

  // ---- drawing ----

  #measure() {
    const height = parseFloat(getComputedStyle(this.grid).getPropertyValue("--row-height")) || 54;
    if (height !== this.rowHeight && this.rowHeight) this.grid.scrollTop *= height / this.rowHeight;
    this.rowHeight = height;
    if (this.#total !== null) this.canvas.style.height = `${this.#total * height}px`;
    this.#draw();
    this.#ask();
  }

  #sight() {
    const first = Math.max(0, Math.floor(this.grid.scrollTop / this.rowHeight));
    const rows = Math.ceil((this.grid.clientHeight || 800) / this.rowHeight);
    return { first, last: first + rows };
  }

  #scrolled() {
    this.#scheduled ??= requestAnimationFrame(() => {
      this.#scheduled = null;
      this.#draw();
      this.#ask();
    });
  }
  #scheduled = null;

  /* Asks when what is in sight is not in the window. */
  #ask() {
    if (this.#total === null || this.#request) return;
    const { first, last } = this.#sight();
    const end = Math.min(last, this.#total);
    const missing = first < this.#offset || end > this.#offset + this.#jobs.length;
    if (missing && first < this.#total) this.refresh().catch(() => {}); // failed() has told
  }

  #draw() {
    if (this.#total === null) return;
    const sight = this.#sight();
    const first = Math.max(0, sight.first - OVERSCAN_ROWS);
    const last = Math.min(this.#total, sight.last + OVERSCAN_ROWS);
    for (const [index, row] of this.#rows) {
      if (index >= first && index < last) continue;
      this.#rows.delete(index);
      row.root.remove();
      this.#free.push(row);
    }
    for (let index = first; index < last; index++) this.#drawRow(index);
    const active = this.#rows.has(this.#active) ? `row-${this.#active}` : "";
    if (active) this.grid.setAttribute("aria-activedescendant", active);
    else this.grid.removeAttribute("aria-activedescendant");
  }

  #drawRow(index) {
    let row = this.#rows.get(index);
    if (!row) {
      row = this.#free.pop() ?? new Row();
      this.#rows.set(index, row);
      row.root.style.transform = `translateY(${index * this.rowHeight}px)`;
      this.canvas.append(row.root);
    } else {
      row.root.style.transform = `translateY(${index * this.rowHeight}px)`;
    }
    const job = this.#jobs[index - this.#offset] ?? null;
    row.fill(job, index, job !== null && job.id === this.#selectedId);
    row.root.classList.toggle("row-active", index === this.#active);
  }

  // ---- choosing ----

  #clicked(event) {
    const id = event.target.closest(".row")?.dataset.id;
    if (!id) return;
    this.#active = this.#offset + this.#jobs.findIndex((job) => job.id === id);
    this.open(id);
  }

  openActive() {
    const job = this.#jobs[this.#active - this.#offset];
    if (job) this.open(job.id);
  }

  /* Moves the active row by so many rows and keeps it in sight. */
  move(rows) {
    if (!this.#total) return;
    this.#active = Math.min(this.#total - 1, Math.max(0, this.#active + rows));
    const top = this.#active * this.rowHeight;
    const headHeight = this.grid.firstChild.offsetHeight;
    const room = this.grid.clientHeight - headHeight - this.rowHeight;
    if (top < this.grid.scrollTop) this.grid.scrollTop = top;
    else if (top > this.grid.scrollTop + room) this.grid.scrollTop = top - room;
    this.#draw();
    this.#ask();
    const job = this.#jobs[this.#active - this.#offset];
    if (job && document.activeElement !== this.grid) announce(`${titleOf(job)}, ${STATUS_NAMES[job.status]}`);
  }

  get pageRows() {
    const { first, last } = this.#sight();
    return Math.max(1, last - first - 2);
  }
}

const COMMAND = "moonshift wrap -- echo hello";

function nothingYet() {
  return [
    element("h2", {}, "No jobs yet"),
    element("p", {}, "Whatever runs through moonshift appears here while it runs. Try it in a terminal:"),
    element("p", { class: "command" }, element("code", {}, COMMAND), copyButton("Copy", COMMAND)),
  ];
}
