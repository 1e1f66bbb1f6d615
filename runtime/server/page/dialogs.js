/* Questions before something is done that cannot be undone. What goes wrong is said in the dialog. */
import { api } from "./api.js";
import { announce, element, setText } from "./dom.js";
import { plural, size } from "./format.js";
import { titleOf } from "./row.js";

const DAY_MS = 86400000;
const OFFERED_DAYS = 30;

class Question {
  constructor(title, content, action, style = "danger-strong") {
    this.problem = element("p", { class: "problem", role: "alert" });
    this.submit = element("button", { type: "submit", class: style }, action);
    this.leave = element("button", { type: "button", class: "quiet", onclick: () => this.dialog.close() }, "Not now");
    this.form = element("form", { method: "dialog" }, element("h2", { id: "question" }, title), content, this.problem,
      element("div", { class: "dialog-actions" }, this.leave, this.submit));
    this.dialog = element("dialog", { "aria-labelledby": "question" }, this.form);
    this.dialog.addEventListener("close", () => this.dialog.remove());
  }

  /* Opens, and calls `act` when the user means it; closes when it went well. */
  ask(act) {
    this.form.addEventListener("submit", async (event) => {
      event.preventDefault();
      this.submit.disabled = true;
      setText(this.problem, "");
      try {
        await act();
        this.dialog.close();
      } catch (error) {
        setText(this.problem, error.message);
        this.submit.disabled = false;
      }
    });
    document.body.append(this.dialog);
    this.dialog.showModal();
  }
}

export function askToCancel(job, done) {
  const question = new Question("Cancel this job?", element("p", {},
    element("strong", {}, titleOf(job)), " becomes failed, and its command is ended. What it made so far stays."),
    "Cancel job");
  setText(question.leave, "Keep it");
  question.ask(async () => {
    await api.cancel(job.id);
    announce("The job was cancelled");
    done();
  });
}

/* `started(id)` hears which job it has become. */
export function askToRetry(job, command, started) {
  const question = new Question(job.status === "failed" ? "Retry this job?" : "Run this job again?",
    element("div", {},
      element("p", {}, element("strong", {}, titleOf(job)), ` runs once more on ${job.host || "its machine"}, as a new job: the same command in the same folder.`),
      command ? element("pre", { class: "command-line", tabindex: "0" }, command) : null),
    job.status === "failed" ? "Retry" : "Run again", "strong");
  question.ask(async () => {
    const { job: id } = await api.retry(job.id);
    announce("The job was started again");
    started(id);
  });
}

function dateText(date) {
  const two = (number) => String(number).padStart(2, "0");
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
}

export function askToRemove(done) {
  const day = element("input", { type: "date", value: dateText(new Date(Date.now() - OFFERED_DAYS * DAY_MS)), required: true });
  const summary = element("p", { role: "status" });
  const question = new Question("Remove old jobs", element("div", {},
    element("p", {}, "Jobs that are done or failed are removed with their attachments. This cannot be undone."),
    element("label", { class: "field" }, element("span", {}, "Ended before"), day), summary), "Remove");
  const before = () => new Date(`${day.value}T00:00:00`).toISOString();

  async function count() {
    question.submit.disabled = true;
    setText(question.problem, "");
    if (!day.value) return;
    try {
      const { jobs, files, size: bytes } = await api.removable(before());
      setText(summary, jobs === 0 ? "No job ended before that day."
        : `${plural(jobs, "job")} and ${plural(files, "attachment")} (${size(bytes)}) would be removed.`);
      question.submit.disabled = jobs === 0;
    } catch (error) {
      setText(question.problem, error.message);
    }
  }

  day.addEventListener("input", count);
  question.ask(async () => {
    let all = 0;
    for (let removed = 1; removed > 0; all += removed) {
      ({ removed } = await api.remove(before()));
      setText(summary, `${plural(all + removed, "job")} removed…`);
    }
    announce(`${plural(all, "job")} removed`);
    done();
  });
  count();
}
