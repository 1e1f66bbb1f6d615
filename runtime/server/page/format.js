/* Times, durations and sizes for people. Times come in UTC and are shown in the viewer's zone. */

const MINUTE = 60, HOUR = 3600, DAY = 86400;

const exactFormat = new Intl.DateTimeFormat(undefined, { dateStyle: "full", timeStyle: "long" });
const shortFormat = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "medium" });
const clockFormat = new Intl.DateTimeFormat(undefined, { hour: "numeric", minute: "2-digit" });
const dayFormat = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short" });
const yearFormat = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short", year: "numeric" });

/* The server's clock, as far as it differs from ours: a running time is measured by one clock alone. */
let skewMs = 0;
export function setServerTime(text) {
  const time = Date.parse(text);
  if (Number.isFinite(time)) skewMs = time - Date.now();
}
export function serverNow() {
  return Date.now() + skewMs;
}

/* A Date, or null for what is none. */
export function parseTime(value) {
  if (typeof value !== "string") return null;
  const time = Date.parse(/[zZ]|[+-]\d\d:?\d\d$/.test(value) ? value : `${value}Z`);
  return Number.isFinite(time) ? new Date(time) : null;
}

export function exactTime(date) {
  return date ? exactFormat.format(date) : "";
}

/* Date and time as short as they are exact. */
export function shortTime(date) {
  return date ? shortFormat.format(date) : "";
}

/* The time of day of a stamp in a log. */
export function logTime(stamp) {
  const date = parseTime(stamp);
  return date ? date.toTimeString().slice(0, 8) : stamp;
}

export function relativeTime(date) {
  if (!date) return "";
  const seconds = (serverNow() - date.getTime()) / 1000;
  if (seconds < 5) return "just now";
  if (seconds < MINUTE) return `${Math.floor(seconds)} s ago`;
  if (seconds < HOUR) return `${Math.floor(seconds / MINUTE)} min ago`;
  if (seconds < 6 * HOUR) return `${Math.floor(seconds / HOUR)} h ago`;
  const today = new Date(serverNow());
  const days = Math.round((startOfDay(today) - startOfDay(date)) / (DAY * 1000));
  if (days === 0) return clockFormat.format(date);
  if (days === 1) return `Yesterday ${clockFormat.format(date)}`;
  return (today.getFullYear() === date.getFullYear() ? dayFormat : yearFormat).format(date);
}

function startOfDay(date) {
  return new Date(date.getFullYear(), date.getMonth(), date.getDate()).getTime();
}

const two = (number) => String(Math.floor(number)).padStart(2, "0");

export function duration(seconds) {
  if (!Number.isFinite(seconds) || seconds < 0) return "";
  if (seconds < 0.1) return "< 0.1 s";
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  if (seconds < MINUTE) return `${Math.floor(seconds)} s`;
  if (seconds < HOUR) return `${Math.floor(seconds / MINUTE)}:${two(seconds % MINUTE)} min`;
  if (seconds < DAY) return `${Math.floor(seconds / HOUR)} h ${two((seconds % HOUR) / MINUTE)} min`;
  return `${Math.floor(seconds / DAY)} d ${Math.floor((seconds % DAY) / HOUR)} h`;
}

const UNITS = ["B", "KB", "MB", "GB", "TB"];

export function size(bytes) {
  if (!Number.isFinite(bytes) || bytes < 0) return "";
  let unit = 0;
  for (; bytes >= 1000 && unit < UNITS.length - 1; unit++) bytes /= 1000;
  return `${unit > 0 && bytes < 10 ? bytes.toFixed(1) : Math.round(bytes)} ${UNITS[unit]}`;
}

export function count(number) {
  return number.toLocaleString();
}

export function plural(number, noun) {
  return `${count(number)} ${noun}${number === 1 ? "" : "s"}`;
}

/* 0 to 1, or null. */
export function fraction(value) {
  const number = value === null || value === undefined || value === "" ? NaN : Number(value);
  return Number.isFinite(number) ? Math.min(1, Math.max(0, number)) : null;
}
