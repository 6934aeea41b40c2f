/** The JSON-RPC protocol between a view and its host. */

export const PROTOCOL_VERSION = "2026-01-26";
const TIMEOUT = 30_000; // ms for an answer of the host

export class Host {
  #pending = new Map();
  #handlers;
  #nextId = 1;

  constructor(handlers) {
    this.#handlers = handlers;
    window.addEventListener("message", (event) => {
      if (event.source === window.parent) this.#receive(event.data);
    });
  }

  request(method, params) {
    const id = this.#nextId++;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error("no answer")), TIMEOUT);
      this.#pending.set(id, { resolve, reject, timer });
      this.#post({ id, method, params });
    });
  }

  notify(method, params = {}) {
    this.#post({ method, params });
  }

  #post(message) {
    window.parent.postMessage({ jsonrpc: "2.0", ...message }, "*");
  }

  #receive(message) {
    const waiting = this.#pending.get(message?.id);
    if (message?.method) this.#handlers[message.method]?.(message.params ?? {});
    else if (waiting) {
      this.#pending.delete(message.id);
      clearTimeout(waiting.timer);
      if (message.error) waiting.reject(new Error(message.error.message));
      else waiting.resolve(message.result);
    }
  }
}
