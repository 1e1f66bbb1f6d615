/* A page of another origin that has the official client, as a studio's own web tool would: plain modules out of
 * node_modules, no bundler. It is `globalThis.ftrack` there. */
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { join, normalize } from "node:path";

const MODULES = join(process.env.MOONSHIFT_PAGE_MODULES, "node_modules");

const IMPORTS = {
  "@ftrack/api": "/modules/@ftrack/api/dist/ftrack-javascript-api.es.js",
  "isomorphic-ws": "/modules/isomorphic-ws/browser.js",
  loglevel: "/loglevel.js",
  moment: "/modules/moment/dist/moment.js",
  uuid: "/modules/uuid/dist/esm-browser/index.js",
};

const PAGE = `<!doctype html>
<title>a tool of the studio</title>
<link rel="icon" href="data:,">
<script type="importmap">${JSON.stringify({ imports: IMPORTS })}</script>
<script src="/modules/loglevel/dist/loglevel.js"></script>
<script type="module">globalThis.ftrack = await import("@ftrack/api");</script>`;

const PAGES = {
  "/": ["text/html", PAGE],
  "/loglevel.js": ["text/javascript", "export default globalThis.log;"],
};

async function answer(request, response) {
  const path = normalize(new URL(request.url, "http://page").pathname);
  const [type, text] = PAGES[path]
    ?? ["text/javascript", await readFile(join(MODULES, path.replace(/^\/modules\//, "")))];
  response.writeHead(200, { "content-type": type }).end(text);
}

/* Serves it on a free port: { url, close }. */
export async function serveClientPage() {
  const server = createServer((request, response) =>
    answer(request, response).catch(() => response.writeHead(404).end()));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${server.address().port}/`,
    close: () => { server.closeAllConnections(); server.close(); },
  };
}
