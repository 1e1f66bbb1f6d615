/* A WebSocket of the event hub without a client: packets as text, waited for one by one. */
import { WebSocket, credentials } from "./client.mjs";

const WAIT_MS = 120_000;

/* The handshake as the Python client does it: credentials in headers. */
export async function handshake(server, headers = credentials(server)) {
  const response = await fetch(`${server.url}/socket.io/1/`, { headers });
  return { status: response.status, text: await response.text() };
}

export class Packets {
  received = [];
  #wake = () => {};

  constructor(socket) {
    this.socket = socket;
    this.closed = new Promise((done) => socket.once("close", (code) => done(code)));
    socket.on("message", (data, isBinary) => {
      this.received.push(isBinary ? data : data.toString("utf8"));
      this.#wake();
    });
    socket.on("error", () => {});
  }

  /* The Python client sends no credentials here. */
  static async open(server, sessionId) {
    const id = sessionId ?? (await handshake(server)).text.split(":")[0];
    const socket = new WebSocket(`${server.url.replace(/^http/, "ws")}/socket.io/1/websocket/${id}`);
    const packets = new Packets(socket);
    await new Promise((done, failed) => {
      socket.once("open", done);
      socket.once("error", failed);
      socket.once("unexpected-response", (_, response) =>
        failed(new Error(`HTTP ${response.statusCode}`)),
      );
    });
    return packets;
  }

  send(text) {
    this.socket.send(text);
  }

  /* An event in Python's spelling; with a number it asks for an acknowledgement. */
  event(event, number) {
    const body = JSON.stringify({ name: "ftrack.event", args: [event] });
    this.send(number === undefined ? `5:::${body}` : `5:${number}+::${body}`);
  }

  /* The first packet that matches, among those received and those to come. */
  next(pattern, wait = WAIT_MS) {
    return new Promise((done, failed) => {
      const timer = setTimeout(() => {
        const seen = this.received.join("\n");
        failed(new Error(`no packet like ${pattern}; received:\n${seen}`));
      }, wait);
      this.#wake = () => {
        const found = this.received.find((packet) => pattern.test(packet));
        if (found === undefined) return;
        clearTimeout(timer);
        done(found);
      };
      this.#wake();
    });
  }

  close() {
    this.socket.close();
    return this.closed;
  }
}
