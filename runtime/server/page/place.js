/* The address bar is the state: filters and the open job are in it, so that a link shows what its sender saw. */

export const FILTERS = ["status", "user", "text", "since"];

/* What "since" may be beside an ISO 8601 time: a length of time up to now, in hours. */
export const RANGES = [
  { value: "1h", hours: 1, label: "Last hour" },
  { value: "24h", hours: 24, label: "Last 24 hours" },
  { value: "7d", hours: 7 * 24, label: "Last 7 days" },
  { value: "30d", hours: 30 * 24, label: "Last 30 days" },
];

export function readPlace() {
  const parameters = new URLSearchParams(location.search);
  const place = { job: parameters.get("job") ?? "", refused: parameters.get("refused") ?? "" };
  for (const name of FILTERS) place[name] = parameters.get(name) ?? "";
  return place;
}

export function printPlace(place) {
  const given = [...FILTERS, "job"].filter((name) => place[name]).map((name) => [name, place[name]]);
  const query = new URLSearchParams(given).toString();
  return query ? `/?${query}` : "/";
}

/* The filter as the server wants it. */
export function filterOf(place, nowMs) {
  const range = RANGES.find((entry) => entry.value === place.since);
  const minuteMs = nowMs - (nowMs % 60000); // so that many pages ask the same
  const since = range ? new Date(minuteMs - range.hours * 3600000).toISOString() : place.since;
  return { status: place.status, user: place.user, text: place.text, since };
}

export function hasFilter(place) {
  return FILTERS.some((name) => place[name]);
}
