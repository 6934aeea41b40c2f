/** The state of a view beside its content: loading, waiting for the budget, failed or cancelled. */

import { announce, button, element, foreign } from "./dom.js";

const SECOND = 1000; // ms
const LONG = 3; // s; after them the state names the likely reason

/** One box, which shows one state at a time. */
export class Status {
  box = element("div.status");
  #timer = 0;

  clear() {
    clearInterval(this.#timer);
    this.box.replaceChildren();
  }

  /** Show that an answer is on its way, with the seconds, and with a skeleton if there is no content yet. */
  loading(words, isFirst) {
    const seconds = element("span", { "aria-hidden": "true" });
    this.#show(element("p.line", {}, element("span.spinner"), `${words} `, seconds), isFirst && skeleton());
    announce(words);
    let passed = 0;
    this.#timer = setInterval(() => {
      passed += 1;
      const reason = passed < LONG ? "" : " The request budget of LinkTime may be in use.";
      seconds.textContent = `${passed} s.${reason}`;
    }, SECOND);
  }

  /** Show an error that ends by itself, with the seconds until then. */
  waiting(error, seconds, whenOver) {
    const left = element("p", { "aria-hidden": "true" });
    const write = () => (left.textContent = `Next call in ${seconds} s.`);
    write();
    this.#show(panel("Waiting for the request budget", error, left));
    announce(`Waiting for the request budget. Next call in ${seconds} s.`);
    this.#timer = setInterval(() => {
      seconds -= 1;
      if (seconds > 0) return write();
      this.clear();
      whenOver();
    }, SECOND);
  }

  /** Show an error with its title, in the words of the tool. */
  failed(error, retry) {
    this.#show(panel(error.title, error, retry && button("Try again", retry)));
    announce(`${error.title}. ${error.text}`);
  }

  cancelled(reason, retry) {
    const error = { word: "", text: reason || "The call was cancelled before its answer." };
    this.#show(panel("Cancelled", error, retry && button("Try again", retry)));
    announce("Cancelled.");
  }

  #show(...children) {
    this.clear();
    this.box.append(...children.filter(Boolean));
  }
}

function panel(title, error, ...rest) {
  const word = error.word && element("code", {}, error.word);
  return element("section.panel", {}, element("h2", {}, title), foreign("p", error.text), word, ...rest);
}

function skeleton() {
  const bars = Array.from({ length: 7 }, (_, index) => element("span", { "--tall": 2 + ((index * 5) % 7) }));
  return element("div.skeleton", { "aria-hidden": "true" }, ...bars);
}
