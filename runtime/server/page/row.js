/* A row of the list, and what rows elsewhere have in common with it. */
import { element, icon, setAttribute, setText } from "./dom.js";
import { duration, exactTime, fraction, parseTime, plural, relativeTime, serverNow } from "./format.js";

export const STATUS_NAMES = { queued: "Queued", running: "Running", done: "Done", failed: "Failed" };

export function startOf(job) {
  return parseTime(job.started_at) ?? parseTime(job.created_at);
}

/* Seconds that it took, or has taken until now. */
export function secondsOf(job) {
  const start = startOf(job);
  if (job.status === "queued" || !start) return NaN;
  if (job.status === "running") return Math.max(0, (serverNow() - start) / 1000);
  if (job.duration_s !== null && job.duration_s !== "") return Number(job.duration_s);
  const end = parseTime(job.ended_at) ?? parseTime(job.finished_at);
  return end ? (end - start) / 1000 : NaN;
}

/* Wrappers put the progress behind the description, for pages that show nothing else; here it has a place. */
export function titleOf(job) {
  const title = job.description || job.name || "Job without a description";
  return job.progress === null ? title : title.replace(/ \(\d{1,3} %\)$/, "");
}

/* Why it failed, or what it does. */
export function noteOf(job) {
  if (job.status === "failed") return job.reason || "No reason was given";
  if (job.status === "running") return job.phase || "";
  return job.name && job.name !== job.description ? job.name : "";
}

/* The second line of a row: there is always one, so that no title moves when a phase comes or goes. */
function secondLineOf(job) {
  return noteOf(job) || [job.user, job.host].filter(Boolean).join(" on ");
}

export function statusBadge(status) {
  const known = STATUS_NAMES[status] ? status : "queued";
  return element("span", { class: `status status-${known}` }, icon(known),
    element("span", { class: "status-name" }, STATUS_NAMES[known]));
}

/* A bar that shows how far a job is; by itself it is decoration: the number stands beside it. */
export class Bar {
  constructor() {
    this.fill = element("span", { class: "bar-fill" });
    this.root = element("span", { class: "bar", "aria-hidden": "true" }, this.fill);
  }
  set(value) {
    this.root.classList.toggle("bar-unknown", value === null);
    this.fill.style.transform = value === null ? "" : `scaleX(${value})`;
  }
}

/* Made once and filled again and again while the list scrolls. */
export class Row {
  #job = null;

  constructor() {
    this.status = element("span", { class: "cell cell-status", role: "gridcell" });
    this.title = element("span", { class: "row-title" });
    this.note = element("span", { class: "row-note" });
    this.bar = new Bar();
    this.percent = element("span", { class: "percent" });
    this.progress = element("span", { class: "cell cell-progress", role: "gridcell" }, this.bar.root, this.percent);
    this.user = element("span", { class: "cell cell-user", role: "gridcell" });
    this.host = element("span", { class: "cell cell-host", role: "gridcell" });
    this.started = element("time", {});
    this.took = element("span", { class: "cell cell-took", role: "gridcell" });
    this.files = element("span", {});
    this.filesCell = element("span", { class: "cell cell-files", role: "gridcell" }, icon("clip"), this.files);
    this.root = element("div", { class: "row", role: "row" },
      this.status,
      element("span", { class: "cell cell-title", role: "gridcell" }, this.title, this.note),
      this.progress, this.user, this.host,
      element("span", { class: "cell cell-started", role: "gridcell" }, this.started),
      this.took, this.filesCell);
  }

  /* Shows a job, or with null that it is still to come. */
  fill(job, index, selected) {
    const changed = job?.status !== this.#job?.status || !this.#job;
    this.#job = job;
    setAttribute(this.root, "id", `row-${index}`);
    setAttribute(this.root, "aria-rowindex", index + 2);
    setAttribute(this.root, "aria-selected", selected);
    this.root.classList.toggle("row-waiting", !job);
    this.root.dataset.id = job?.id ?? "";
    this.root.dataset.status = job?.status ?? "";
    if (changed) this.status.replaceChildren(...(job ? [statusBadge(job.status)] : []));
    setText(this.title, job ? titleOf(job) : "");
    setText(this.note, job ? secondLineOf(job) : "");
    setText(this.user, job?.user ?? "");
    setText(this.host, job?.host ?? "");
    setAttribute(this.title, "title", job ? titleOf(job) : null);
    this.#fillProgress(job);
    const files = job?.attachments ?? 0;
    setText(this.files, String(files));
    this.filesCell.classList.toggle("cell-none", !files);
    setAttribute(this.filesCell, "aria-label", job ? plural(files, "attachment") : null);
    this.tick();
  }

  #fillProgress(job) {
    const shown = job?.status === "running";
    const value = shown ? fraction(job.progress) : null;
    this.progress.classList.toggle("cell-none", !shown);
    if (shown) this.bar.set(value);
    setText(this.percent, value === null ? "" : `${Math.floor(value * 100)} %`);
  }

  /* What changes with time alone. */
  tick() {
    const job = this.#job;
    const start = job && startOf(job);
    setText(this.started, start ? relativeTime(start) : "");
    setAttribute(this.started, "title", start ? exactTime(start) : null);
    setAttribute(this.started, "datetime", start ? start.toISOString() : null);
    setText(this.took, job ? duration(secondsOf(job)) : "");
  }
}
