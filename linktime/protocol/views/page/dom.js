/** Elements of a view. All text goes through `textContent`, so no text of a guest can become markup. */

/**
 * Make an element.
 * @param {string} tag a tag, with classes after dots: p.note
 * @param {Record<string, any>} attributes functions are listeners, and null leaves an attribute out
 * @param {Array<Node | string | null | false>} children
 */
export function element(tag, attributes = {}, ...children) {
  const [name, ...classes] = tag.split(".");
  const made = document.createElement(name);
  if (classes.length) made.className = classes.join(" ");
  for (const [key, value] of Object.entries(attributes)) {
    if (typeof value === "function") made.addEventListener(key, value);
    else if (key.startsWith("--")) made.style.setProperty(key, value);
    else if (value !== null && value !== undefined && value !== false)
      made.setAttribute(key, value === true ? "" : value);
  }
  made.append(...children.filter((child) => child || child === 0));
  return made;
}

/** Make an element with a text that somebody else wrote, which may run in the other direction. */
export function foreign(tag, text) {
  const made = element(tag, { dir: "auto" });
  made.textContent = text;
  return made;
}

/** Make a text for screen readers alone. */
export function spoken(text) {
  return element("span.spoken", {}, text);
}

/** Make a button. It ignores further clicks until the promise of the first one is settled. */
export function button(text, press, attributes = {}) {
  let isBusy = false;
  const click = async () => {
    if (isBusy) return;
    isBusy = true;
    await press();
    isBusy = false;
  };
  return element("button", { type: "button", click, ...attributes }, text);
}

/** Make a text for the user to type into the chat, if the view can't send it. */
export function toType(text) {
  return element("p.type", {}, "Type this in the chat: ", element("code", { tabindex: 0 }, text));
}

/** Replace the children of an element. The focus stays on the element with the same `data-key`. */
export function redraw(box, ...children) {
  const { key } = document.activeElement.dataset;
  box.replaceChildren(...children);
  if (key) box.querySelector(`[data-key="${CSS.escape(key)}"]`)?.focus({ preventScroll: true });
}

/** Return whether the view is so narrow that a week is a list. */
export function isNarrow() {
  return document.getElementById("view").clientWidth < 480;
}

/** Announce a text to screen readers. */
export function announce(text) {
  document.getElementById("live").textContent = text;
}

const STEPS = { ArrowRight: [1, 0], ArrowLeft: [-1, 0], ArrowDown: [0, 1], ArrowUp: [0, -1] };

/**
 * Move the focus with the arrow keys among groups of buttons. Only one of the buttons is a stop of the Tab key.
 * @param {HTMLElement} box
 * @param {() => HTMLElement[][]} groups the groups that a step sideways changes between
 * @param {() => boolean} stacked whether the groups are below each other, so that all keys follow the reading order
 */
export function arrows(box, groups, stacked) {
  const all = () => groups().flat();
  const focus = (target) => {
    for (const each of all()) each.tabIndex = each === target ? 0 : -1;
    target?.focus();
  };
  all().forEach((each, index) => (each.tabIndex = index ? -1 : 0));
  box.addEventListener("focusin", ({ target }) => {
    if (all().includes(target)) for (const each of all()) each.tabIndex = each === target ? 0 : -1;
  });
  box.addEventListener("keydown", (event) => {
    const buttons = all();
    const index = buttons.indexOf(event.target);
    if (index < 0 || event.altKey || event.ctrlKey || event.metaKey) return;
    const target =
      { Home: buttons[0], End: buttons.at(-1) }[event.key] ?? neighbour(event, buttons, groups(), stacked());
    if (!target) return;
    event.preventDefault();
    focus(target);
  });
}

function neighbour({ key, target }, buttons, groups, stacked) {
  if (!(key in STEPS)) return undefined;
  const [across, along] = STEPS[key];
  const sideways = document.documentElement.dir === "rtl" ? -across : across;
  if (stacked || along) return buttons[buttons.indexOf(target) + (along || sideways)];
  const filled = groups.filter((group) => group.length);
  const group = filled.findIndex((each) => each.includes(target));
  const next = filled[group + sideways];
  return next?.[Math.min(filled[group].indexOf(target), next.length - 1)];
}
