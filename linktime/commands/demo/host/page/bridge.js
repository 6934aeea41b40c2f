// The host's half of MCP Apps (revision 2026-01-26): JSON-RPC 2.0 messages with the view in one frame.

const METHOD_NOT_FOUND = -32601;
const INTERNAL_ERROR = -32603;

/** An error that a handler of a request answers with its code. */
export class RpcError extends Error {
  constructor(code, message) {
    super(message);
    this.code = code;
  }
}

export class Bridge {
  #frame;
  #handlers;
  #pending = new Map(); // the resolver of each request to the view, by its id
  #lastId = 0;
  #onMessage = (event) => this.#receive(event);

  /** `handlers` has a function for each method of the view. Its result answers a request. */
  constructor(frame, handlers) {
    this.#frame = frame;
    this.#handlers = handlers;
    window.addEventListener("message", this.#onMessage);
  }

  close() {
    window.removeEventListener("message", this.#onMessage);
  }

  notify(method, params) {
    this.#send({ method, params });
  }

  /** Send a request. Return its response, or undefined after so many milliseconds. */
  request(method, params, patience) {
    const id = ++this.#lastId;
    return new Promise((resolve) => {
      this.#pending.set(id, resolve);
      setTimeout(resolve, patience);
      this.#send({ id, method, params });
    }).finally(() => this.#pending.delete(id));
  }

  #send(message) {
    // The frame has an opaque origin, so there is no origin to name. Only this frame gets the message.
    this.#frame.contentWindow?.postMessage({ jsonrpc: "2.0", ...message }, "*");
  }

  async #receive(event) {
    const message = event.data;
    if (event.source !== this.#frame.contentWindow || message?.jsonrpc !== "2.0") return;
    if (message.method === undefined) {
      this.#pending.get(message.id)?.(message);
      return;
    }
    const answer = await this.#answer(message);
    if (message.id !== undefined) this.#send({ id: message.id, ...answer });
  }

  async #answer({ method, params = {} }) {
    const handler = Object.hasOwn(this.#handlers, method) ? this.#handlers[method] : undefined;
    if (!handler) return { error: { code: METHOD_NOT_FOUND, message: `This host does not support ${method}.` } };
    try {
      return { result: (await handler(params)) ?? {} };
    } catch (error) {
      return { error: { code: error.code ?? INTERNAL_ERROR, message: error.message } };
    }
  }
}
