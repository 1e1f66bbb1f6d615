/* The row of filters: statuses with their counts, words, user, time. */
import { api } from "./api.js";
import { element, icon, setText } from "./dom.js";
import { count } from "./format.js";
import { RANGES } from "./place.js";
import { STATUS_NAMES } from "./row.js";

const TYPING_MS = 200;
const STATUSES = ["", "running", "queued", "failed", "done"];

export class Filters {
  #typing = null;
  #tabs = new Map();

  /* `change({name: value})` is called with what the user changed. `removeOld()`. */
  constructor(root, { change, removeOld }) {
    this.change = change;
    this.search = element("input", {
      type: "search", placeholder: "Search jobs", "aria-label": "Search jobs", maxlength: "100",
      autocomplete: "off", spellcheck: "false", oninput: () => this.#typed(),
    });
    this.user = element("select", { "aria-label": "User", onchange: () => change({ user: this.user.value }) });
    this.since = element("select", { "aria-label": "Time", onchange: () => change({ since: this.since.value }) },
      element("option", { value: "" }, "Any time"),
      RANGES.map((range) => element("option", { value: range.value }, range.label)));
    root.append(
      element("div", { class: "tabs", role: "group", "aria-label": "Status" },
        STATUSES.map((status) => this.#tab(status))),
      element("div", { class: "filter-fields" },
        element("label", { class: "search" }, icon("search"), this.search,
          element("kbd", { "aria-hidden": "true" }, "/")),
        this.user, this.since,
        element("button", { type: "button", class: "quiet", onclick: removeOld }, "Remove old…")));
    this.#offerUsers([]);
  }

  #tab(status) {
    const number = element("span", { class: "tab-count" });
    const button = element("button", {
      type: "button", class: "tab", "data-status": status, "aria-pressed": "false",
      onclick: () => this.change({ status }),
    }, status ? icon(status) : null, element("span", {}, STATUS_NAMES[status] ?? "All"), number);
    this.#tabs.set(status, { button, number });
    return button;
  }

  #typed() {
    clearTimeout(this.#typing);
    this.#typing = setTimeout(() => this.change({ text: this.search.value.trim() }), TYPING_MS);
  }

  show(place) {
    for (const [status, tab] of this.#tabs) {
      tab.button.setAttribute("aria-pressed", String(status === place.status));
    }
    if (document.activeElement !== this.search) this.search.value = place.text;
    this.#choose(this.user, place.user);
    this.#choose(this.since, place.since);
  }

  /* A value that is not on offer came by a link. */
  #choose(select, value) {
    const known = [...select.options].some((option) => option.value === value);
    if (!known) select.append(element("option", { value }, value));
    select.value = value;
  }

  showCounts(counts) {
    let all = 0;
    for (const number of Object.values(counts)) all += number;
    for (const [status, tab] of this.#tabs) {
      setText(tab.number, count(status ? counts[status] ?? 0 : all));
    }
  }

  async loadUsers() {
    const { users } = await api.users();
    this.#offerUsers(users);
  }

  #offerUsers(users) {
    const chosen = this.user.value;
    this.user.replaceChildren(element("option", { value: "" }, "Everybody"),
      ...users.map((name) => element("option", { value: name }, name)));
    this.#choose(this.user, chosen);
  }
}
