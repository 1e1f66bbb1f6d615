/* Requests to the server. Every failure is an Error with a sentence for people. */

/* The server answered, and not with what was asked for. */
export class Refused extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

/* Nobody answered. */
export class Unreachable extends Error {
  constructor() {
    super("The server does not answer.");
  }
}

/* Called when the session is over. */
let signedOut = () => {};
export function onSignedOut(callback) {
  signedOut = callback;
}

async function request(method, path, { parameters = {}, headers = {}, signal } = {}) {
  const given = Object.entries(parameters).filter(([, value]) => value !== "" && value != null);
  const query = new URLSearchParams(given).toString();
  const options = { method, signal, headers: { "moonshift-page": "1", ...headers } };
  let response, answer;
  try {
    response = await fetch(query ? `${path}?${query}` : path, options);
    answer = await response.json();
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw response ? new Refused(response.status, `The server answered ${response.status}.`) : new Unreachable();
  }
  if (response.ok) return answer;
  if (response.status === 401 && path !== "/page/sign-in") signedOut();
  throw new Refused(response.status, answer.content ?? `The server answered ${response.status}.`);
}

/* Headers hold bytes: these are UTF-8's. */
function headerText(text) {
  return String.fromCharCode(...new TextEncoder().encode(text));
}

export const api = {
  session: () => request("GET", "/page/session"),
  signIn: (user, key) => request("POST", "/page/sign-in", {
    headers: { "ftrack-user": headerText(user), "ftrack-api-key": headerText(key) },
  }),
  signOut: () => request("POST", "/page/sign-out"),
  list: (parameters, signal) => request("GET", "/jobs/list", { parameters, signal }),
  users: () => request("GET", "/jobs/users"),
  detail: (parameters, signal) => request("GET", "/jobs/detail", { parameters, signal }),
  cancel: (id) => request("POST", "/jobs/cancel", { parameters: { id } }),
  retry: (id) => request("POST", "/jobs/retry", { parameters: { id } }),
  removable: (before) => request("GET", "/jobs/removable", { parameters: { before } }),
  remove: (before) => request("POST", "/jobs/remove", { parameters: { before } }),
};

/* Some bytes of a file as text: { text, total }. A negative `first` counts from the end. */
export async function readText(url, first, length) {
  const range = first < 0 ? `bytes=${first}` : `bytes=${first}-${first + length - 1}`;
  let response;
  try {
    response = await fetch(url, { headers: { range } });
  } catch {
    throw new Unreachable();
  }
  if (response.status === 416) return { text: "", total: 0 };
  if (!response.ok) throw new Refused(response.status, `The file cannot be read (${response.status}).`);
  const total = Number(response.headers.get("content-range")?.split("/")[1] ?? NaN);
  const text = await response.text();
  return { text, total: Number.isFinite(total) ? total : text.length };
}
