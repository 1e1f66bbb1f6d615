/* A log: its head and its tail, and a link to the whole. While a job runs, the tail that its wrapper tells. */
import { readText } from "./api.js";
import { copyButton, element, setText } from "./dom.js";
import { logTime, size } from "./format.js";

const HEAD_BYTES = 8 * 1024;
const TAIL_BYTES = 32 * 1024;

export class Log {
  #url = null;

  constructor() {
    this.body = element("div", { class: "log", tabindex: "0", role: "region", "aria-label": "Log" });
    this.links = element("span", { class: "section-links" });
    this.root = element("section", { class: "section" },
      element("div", { class: "section-head" }, element("h3", {}, "Log"), this.links), this.body);
  }

  /* The attached log, a file of the job. Read once. */
  async showFile(file) {
    if (this.#url === file.id) return;
    this.#url = file.id;
    setText(this.body, "Reading…");
    this.links.replaceChildren(
      copyButton("Copy", () => this.body.textContent),
      element("a", { class: "button quiet", href: file.url, download: file.name }, `Whole log, ${size(file.size)}`));
    try {
      this.body.replaceChildren(...(await parts(file)));
      this.body.scrollTop = this.body.scrollHeight;
    } catch (error) {
      this.#url = null;
      this.body.replaceChildren(element("p", { class: "problem" }, error.message));
    }
  }

  /* What a running job says last. Stays at the end unless somebody reads further up. */
  showTail(text) {
    const atEnd = this.body.scrollHeight - this.body.scrollTop - this.body.clientHeight < 24;
    this.#url = null;
    this.links.replaceChildren();
    if (this.body.firstChild?.nodeName !== "PRE") this.body.replaceChildren(element("pre", {}));
    setText(this.body.firstChild, localTimes(text));
    if (atEnd) this.body.scrollTop = this.body.scrollHeight;
  }
}

/* The wrapper stamps each line with UTC; people read their own clock. */
function localTimes(text) {
  return text.replace(/^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z) /gm, (all, stamp) => `${logTime(stamp)}  `);
}

async function parts(file) {
  if (file.size <= HEAD_BYTES + TAIL_BYTES) {
    return [element("pre", {}, localTimes((await readText(file.url, 0, HEAD_BYTES + TAIL_BYTES)).text))];
  }
  const [head, tail] = await Promise.all([
    readText(file.url, 0, HEAD_BYTES), readText(file.url, -TAIL_BYTES),
  ]);
  const left = size(file.size - HEAD_BYTES - TAIL_BYTES);
  return [
    element("pre", {}, localTimes(head.text.replace(/[^\n]*$/, ""))),
    element("p", { class: "log-gap" }, `${left} are left out here`),
    element("pre", {}, localTimes(tail.text.replace(/^[^\n]*\n/, ""))),
  ];
}
