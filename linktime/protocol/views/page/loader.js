/** Calls of the view's tool: one at a time, at the server's budget and cache, with each wait in view. */

import { errorOf } from "./answer.js";

const PAUSE = 300; // ms before a call, so that quick steps through the weeks cost one call
const MOST_WAITS = 3; // waits for the budget in a row, before the user has to ask

/**
 * | state            | on `load`          | on an answer               | on `stop`        |
 * |------------------|--------------------|----------------------------|------------------|
 * | idle             | a call after PAUSE | shown (the host sent it)   | nothing          |
 * | calling          | replaces the call  | shown, or failed, or waits | ignores it       |
 * | waiting          | replaces the wait  | shown (the host sent it)   | ends the wait    |
 */
export class Loader {
  #chat;
  #tool;
  #rows; // the field of an answer with its list
  #status;
  #answered;
  #turn = 0; // the number of the latest call; an answer to an earlier one is out of date
  #waits = 0; // waits for the budget since the last answer

  /**
   * @param {{tool: string, rows: string}} View
   * @param {(result: any, args: any) => void} answered takes each answer that is no error
   */
  constructor(chat, { tool, rows }, status, answered) {
    this.#chat = chat;
    this.#tool = tool;
    this.#rows = rows;
    this.#status = status;
    this.#answered = answered;
  }

  /** Call the tool, unless another call follows at once. */
  async load(args, words) {
    const turn = ++this.#turn;
    this.#status.loading(words, false);
    await new Promise((resolve) => setTimeout(resolve, PAUSE));
    if (turn !== this.#turn) return;
    const result = await this.#call(args);
    if (turn === this.#turn) this.receive(result, args, words);
  }

  /** Take the answer to a call, of the view or of the model. */
  receive(result, args, words) {
    this.stop();
    const error = errorOf(result, this.#rows);
    const again = this.#chat.canCall ? () => this.load(args, words) : null;
    if (!error) {
      this.#waits = 0;
      this.#answered(result, args);
    } else if (error.wait !== null && again && this.#waits++ < MOST_WAITS) {
      this.#status.waiting(error, error.wait, again);
    } else {
      this.#waits = 0;
      this.#status.failed(error, again);
    }
  }

  /** Ignore the answer to a call in flight, and end a wait. */
  stop() {
    this.#turn += 1;
    this.#status.clear();
  }

  async #call(args) {
    try {
      return await this.#chat.call(this.#tool, args);
    } catch (error) {
      return { isError: true, content: [{ type: "text", text: error.message }] };
    }
  }
}
