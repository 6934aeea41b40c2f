/** The chat around a view: the things that its host can do, each checked before its use. */

const OPENED = /^https?:\/\//i; // other schemes can run code

/** The host's capabilities as methods. A method returns false if the host can't or refuses. */
export class Chat {
  #host;
  #capabilities;

  constructor(host, capabilities) {
    this.#host = host;
    this.#capabilities = capabilities;
  }

  get canCall() {
    return "serverTools" in this.#capabilities;
  }

  get canSay() {
    return "message" in this.#capabilities;
  }

  get canDownload() {
    return "downloadFile" in this.#capabilities;
  }

  canOpen(url) {
    return "openLinks" in this.#capabilities && OPENED.test(url);
  }

  /** Call a tool of the server. Throw an Error if the host refuses. */
  call(name, args) {
    return this.#host.request("tools/call", { name, arguments: args });
  }

  /**
   * Send a message of the user.
   *
   * The facts are exact values for the model, which the user does not have to read. They are in the message only if the
   * host has no other way.
   */
  async say(words, facts) {
    const informed = await this.#inform(words, facts);
    if (!this.canSay) return false;
    const text = informed ? words : withFacts(words, facts);
    return this.#accepted("ui/message", { role: "user", content: [{ type: "text", text }] });
  }

  /** Ask for a display mode. Return the mode that holds now, or null if the host refuses. */
  async display(mode) {
    try {
      return (await this.#host.request("ui/request-display-mode", { mode })).mode ?? null;
    } catch {
      return null;
    }
  }

  open(url) {
    return this.#accepted("ui/open-link", { url });
  }

  download(name, mimeType, text) {
    const resource = { uri: `file:///${name}`, mimeType, text };
    return this.#accepted("ui/download-file", { contents: [{ type: "resource", resource }] });
  }

  async #inform(words, facts) {
    const context = this.#capabilities.updateModelContext;
    if (!context) return false;
    const content = [{ type: "text", text: withFacts(words, facts) }];
    const structured = "structuredContent" in context ? { structuredContent: facts } : {};
    return this.#accepted("ui/update-model-context", { content, ...structured });
  }

  async #accepted(method, params) {
    try {
      return !(await this.#host.request(method, params)).isError;
    } catch {
      return false;
    }
  }
}

/** Return the words and the facts as one text. */
export function withFacts(words, facts) {
  return `${words} (${Object.entries(facts)
    .map((fact) => fact.join(" "))
    .join(", ")})`;
}
