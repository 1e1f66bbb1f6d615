/* What every visit asks first, asked while the rest of the page is still on its way. */
import { api } from "./api.js";
import { filterOf, readPlace } from "./place.js";

export const FIRST_ROWS = 60; // more than are in sight on most screens

/* Who is signed in, and (null for nobody) the first jobs of the place. */
export const session = api.session();
export const jobs = session.then(({ user }) =>
  user ? api.list({ ...filterOf(readPlace(), Date.now()), offset: 0, limit: FIRST_ROWS }) : null);
jobs.catch(() => {}); // whoever asks again hears of it
