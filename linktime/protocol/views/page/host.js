/** The JSON-RPC protocol between a view and its host, by messages between their windows. */

const PROTOCOL_VERSION = "2026-01-26";
const METHOD_NOT_FOUND = -32601;
const LONGEST_ANSWER = 180_000; // ms; the host may ask its user, and a tool may wait for its budget

/**
 * One end of the connection.
 *
 * A handler takes the parameters of its message and returns the result, if the message is a request. Register all
 * handlers before `connect`, because the host may send at once after it.
 */
export class Host {
  #window;
  #handlers;
  #pending = new Map(); // by id: the functions that settle an unanswered request, and its timer
  #lastId = 0;

  /**
   * @param {Window} hostWindow
   * @param {Record<string, (params: any) => any>} handlers by method
   */
  constructor(hostWindow, handlers) {
    this.#window = hostWindow;
    this.#handlers = handlers;
    window.addEventListener("message", (event) => {
      if (event.source === hostWindow && event.data?.jsonrpc === "2.0") this.#receive(event.data);
    });
  }

  /** Open the connection. Return the host's capabilities and context. */
  async connect(appInfo) {
    const appCapabilities = { availableDisplayModes: ["inline", "fullscreen"] };
    const params = { protocolVersion: PROTOCOL_VERSION, appInfo, appCapabilities };
    const { hostCapabilities, hostContext } = await this.request("ui/initialize", params);
    this.notify("ui/notifications/initialized");
    return { hostCapabilities: hostCapabilities ?? {}, hostContext: hostContext ?? {} };
  }

  /** Send a request. Return its result, or throw the host's error. */
  request(method, params) {
    const id = ++this.#lastId;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(
        () => this.#settle(id, { error: { message: "The client does not answer." } }),
        LONGEST_ANSWER,
      );
      this.#pending.set(id, { resolve, reject, timer });
      this.#post({ id, method, params });
    });
  }

  /** Send a notification. */
  notify(method, params) {
    this.#post(params ? { method, params } : { method });
  }

  #post(message) {
    this.#window.postMessage({ jsonrpc: "2.0", ...message }, "*");
  }

  #receive(message) {
    if (typeof message.method !== "string") return this.#settle(message.id, message);
    const handler = Object.hasOwn(this.#handlers, message.method) ? this.#handlers[message.method] : null;
    const result = handler?.(message.params ?? {});
    if (message.id === undefined) return;
    const error = { code: METHOD_NOT_FOUND, message: "Method not found" };
    this.#post({ id: message.id, ...(handler ? { result: result ?? {} } : { error }) });
  }

  #settle(id, { result, error }) {
    const { resolve, reject, timer } = this.#pending.get(id) ?? {};
    if (!this.#pending.delete(id)) return;
    clearTimeout(timer);
    if (error) reject(new Error(String(error.message)));
    else resolve(result ?? {});
  }
}
