/* What the client's uploader takes from a browser: XMLHttpRequest, as far as it uses it, over fetch;
 * and a window that is online. Install before the session is made. */

class Target {
  #listeners = new Map();

  addEventListener(type, listener) {
    this.#listeners.set(type, [...(this.#listeners.get(type) ?? []), listener]);
  }
  removeEventListener(type, listener) {
    const left = (this.#listeners.get(type) ?? []).filter((other) => other !== listener);
    this.#listeners.set(type, left);
  }
  emit(type, data = {}) {
    const event = { type, ...data };
    this[`on${type}`]?.(event);
    for (const listener of this.#listeners.get(type) ?? []) listener(event);
  }
}

class BrowserRequest extends Target {
  upload = new Target();
  readyState = 0;
  status = 0;
  #headers = {};
  #abort = new AbortController();
  #answered;

  open(method, url) {
    this.method = method;
    this.url = url;
    this.readyState = 1;
  }
  setRequestHeader(name, value) {
    this.#headers[name] = value;
  }
  getResponseHeader(name) {
    return this.#answered?.get(name) ?? null;
  }
  abort() {
    this.#abort.abort();
  }

  async send(body) {
    const progress = { lengthComputable: true, loaded: body.size, total: body.size };
    try {
      const response = await fetch(this.url, {
        method: this.method,
        headers: this.#headers,
        body,
        signal: this.#abort.signal,
      });
      this.upload.emit("progress", progress);
      this.response = await response.text();
      this.status = response.status;
      this.#answered = response.headers;
      this.readyState = 4;
      this.emit("readystatechange");
      this.emit("load");
    } catch {
      this.emit(this.#abort.signal.aborted ? "abort" : "error", progress);
    }
    this.emit("loadend", progress);
  }
}

/* A small chunk size makes multi-part uploads of small files. */
export function installBrowser({ chunkBytes }) {
  globalThis.XMLHttpRequest = BrowserRequest;
  globalThis.window = Object.assign(new Target(), {
    navigator: { onLine: true },
    FTRACK_UPLOAD_CHUNK_SIZE: chunkBytes,
  });
}
