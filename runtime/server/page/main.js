/* The Jobs page: who is signed in, which place the address names, and what follows from keys and news. */
import { api, onSignedOut, Unreachable } from "./api.js";
import { Detail } from "./detail.js";
import { askToCancel, askToRemove, askToRetry } from "./dialogs.js";
import { announce, setText } from "./dom.js";
import { Filters } from "./filters.js";
import { serverNow } from "./format.js";
import { JobList } from "./list.js";
import { Live } from "./live.js";
import * as early from "./early.js";
import { FILTERS, filterOf, printPlace, readPlace } from "./place.js";
import { showSignIn } from "./sign_in.js";

const RETRY_MS = 3000;

const at = (id) => document.getElementById(id);
const clockFormat = new Intl.DateTimeFormat(undefined, { timeStyle: "medium" });

let place = readPlace();
let looking = null;   // the look that is under way
let wanted = null;    // the version that is to be looked at next
let seenAt = new Date();

// ---- the parts ----

const list = new JobList(at("list"), {
  open: (id) => go({ job: id }),
  listed: (answer) => {
    filters.showCounts(answer.counts);
    seenAt = new Date();
  },
  failed: noticeFailure,
  clear: () => go(Object.fromEntries(FILTERS.map((name) => [name, ""]))),
});
const filters = new Filters(at("filters"), {
  change: (changes) => go(changes),
  removeOld: () => askToRemove(() => refresh()),
});
const detail = new Detail(at("detail"), {
  close: () => go({ job: "" }),
  open: (id) => go({ job: id }),
  cancel: (job) => askToCancel(job, () => refresh()),
  retry: (job, command) => askToRetry(job, command, (id) => go({ job: id })),
  failed: noticeFailure,
  titled: (text) => (document.title = text ? `${text} · Jobs` : "Jobs · moonshift"),
});
const live = new Live(refresh, showConnection);

function noticeFailure(error) {
  if (error instanceof Unreachable) live.noticed(false);
  else announce(error.message);
}

function showConnection(state) {
  const offline = state === "offline";
  document.body.classList.toggle("offline", offline);
  setText(at("connection"), offline
    ? `The server does not answer. This is what was known at ${clockFormat.format(seenAt)}; trying again…`
    : "Live");
}

// ---- places ----

/* Goes to the place with these changes. */
function go(changes) {
  const next = { ...place, ...changes };
  if (printPlace(next) === printPlace(place)) return;
  history.pushState(null, "", printPlace(next));
  arrive(next);
}

function filterText(one) {
  return FILTERS.map((name) => one[name]).join("\n");
}

/* Shows the place; `anew` also where it is the same, with the jobs that were asked for `first`. */
function arrive(next, anew = false, first = null) {
  const filtered = anew || filterText(next) !== filterText(place);
  const opened = next.job && next.job !== place.job;
  const closed = !next.job && place.job;
  place = next;
  filters.show(place);
  at("panes").classList.toggle("with-detail", Boolean(place.job));
  const filter = () => filterOf(place, serverNow());
  if (first) list.begin(filter, first);
  else if (filtered) list.setFilter(filter).catch(() => {});
  list.select(place.job);
  detail.show(place.job).then(() => {
    if (opened && !anew) at("detail").querySelector(".detail-title")?.focus({ preventScroll: true });
  });
  if (closed) list.focus();
}

/* Looks for what is new, as of a version or (0) now: once at a time, whatever comes meanwhile is one more look. */
function refresh(version = 0) {
  if (version > 0 && version <= Math.min(list.version, detail.version)) return Promise.resolve();
  wanted = wanted === 0 || version === 0 ? 0 : Math.max(wanted ?? 0, version);
  looking ??= look().finally(() => (looking = null));
  return looking;
}

async function look() {
  while (wanted !== null) {
    const version = wanted;
    wanted = null;
    await Promise.all([list.refresh(version), detail.refresh(version)]);
  }
}

window.addEventListener("popstate", () => arrive(readPlace()));

// ---- keys ----

const MOVES = {
  ArrowDown: () => 1, j: () => 1, ArrowUp: () => -1, k: () => -1,
  PageDown: () => list.pageRows, PageUp: () => -list.pageRows, Home: () => -Infinity, End: () => Infinity,
};

function escape(event) {
  if (event.target === filters.search) {
    filters.search.value = "";
    go({ text: "" });
    list.focus();
  } else if (place.job) {
    go({ job: "" });
  }
}

document.addEventListener("keydown", (event) => {
  const plain = !event.ctrlKey && !event.metaKey && !event.altKey;
  const typing = event.target.closest("input, select, textarea, dialog");
  if (at("app").hidden || !plain || document.querySelector("dialog[open]")) return;
  if (event.key === "Escape") return escape(event);
  if (event.target === filters.search && (event.key === "ArrowDown" || event.key === "Enter")) {
    event.preventDefault();
    return list.focus();
  }
  const reading = event.target.closest(".pane-detail, video, audio");
  if (typing || (reading && event.key !== "/")) return;
  if (event.key === "/") {
    event.preventDefault();
    filters.search.focus();
    filters.search.select();
  } else if (event.key === "Enter" && !event.target.closest("a, button")) {
    list.openActive();
  } else if (MOVES[event.key]) {
    event.preventDefault();
    list.focus();
    list.move(MOVES[event.key]());
  }
});

// ---- signing in and out ----

/* `notice`: why there is somebody who has to sign in. */
function leave(notice = "") {
  live.stop();
  at("app").hidden = true;
  document.querySelectorAll("dialog").forEach((dialog) => dialog.close());
  showSignIn(at("sign-in"), { notice, signedIn: () => enter() });
}

const REFUSED_LINK = "This link was used already, or is too old. Sign in with your key.";
const ENDED = "You are not signed in any more. Sign in again to go on where you were.";

/* Shows the page to who is signed in, or asks to sign in. The first time both were asked for by early.js. */
async function enter(asked = { session: api.session(), jobs: null }) {
  let session;
  try {
    session = await asked.session;
  } catch (error) {
    if (error instanceof Unreachable) setTimeout(enter, RETRY_MS);
    return;
  }
  if (!session.user) return leave(place.refused ? REFUSED_LINK : "");
  const first = await Promise.resolve(asked.jobs).catch(() => null);
  setText(at("user-name"), session.user);
  at("sign-in").hidden = true;
  at("sign-in").replaceChildren();
  at("app").hidden = false;
  const next = { ...readPlace(), refused: "" };
  history.replaceState(null, "", printPlace(next));
  arrive(next, true, first);
  live.start();
  filters.loadUsers().catch(() => {});
  list.focus();
}

at("sign-out").addEventListener("click", () => api.signOut().then(() => leave(), noticeFailure));
onSignedOut(() => leave(ENDED));
enter(early);
