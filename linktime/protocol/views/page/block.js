/** A meeting in the week: a button at its place. */

import { button, element, foreign, spoken } from "./dom.js";
import { clocksOf } from "./details.js";

const COLOURS = 6;

/**
 * Make the block of a part of a meeting.
 * @param {{meeting: object, day: string}} part
 * @param {{start: number, end: number}} span the minutes that the block covers
 * @param {{column: number, columns: number, isHidden: boolean}} place
 * @param surroundings the zones, the formats, the clock and the number of the colour
 * @param {(block: HTMLElement) => void} press
 */
export function blockOf({ meeting, day }, { start, end }, { column, columns, isHidden }, surroundings, press) {
  const { account, user, dates, now, colour } = surroundings;
  const isCancelled = meeting.status === "CANCELLED";
  const minutes = end - start;
  const height = minutes >= 75 ? "tall" : minutes >= 45 ? "middle" : "short";
  const [own, ...others] = clocksOf(meeting, { account, user, dates });
  const classes = ["meeting", height, isCancelled && "cancelled", meeting.end < now() && "past"];
  const block = button("", () => press(block), {
    class: classes.filter(Boolean).join(" "),
    "aria-expanded": "false",
    tabindex: -1,
    "data-key": `${meeting.key} ${day}`,
    "data-colour": colour % COLOURS,
  });
  block.append(
    spoken(`${own[1]}, `),
    foreign("b", meeting.type),
    foreign("span", meeting.guest),
    element("time", { "aria-hidden": "true" }, dates.time(meeting.start, account)),
    element("small", { "aria-hidden": "true" }, others[0]?.[1]),
    spoken(
      (isCancelled ? ", cancelled" : "") + others.map(([name, value]) => `, ${name.toLowerCase()} ${value}`).join(""),
    ),
  );
  const position = { "--start": start, "--tall": minutes, "--column": column, "--columns": columns };
  return element(isHidden ? "li.hidden" : "li", position, block);
}

/**
 * Make the block that stands for meetings without a lane of their own. It is in the last lane.
 * @param {{start: number, end: number}} group the minutes that the block covers
 * @param {(block: HTMLElement) => void} press
 */
export function moreOf(meetings, { start, end }, lanes, day, press) {
  const block = button(`+${meetings.length}`, () => press(block), {
    class: "more",
    dir: "ltr",
    "aria-label": `${meetings.length} more meetings`,
    "aria-expanded": "false",
    tabindex: -1,
    "data-key": `more ${day} ${start}`,
  });
  block.append(element("span", {}, " more"));
  const position = { "--start": start, "--tall": end - start, "--column": lanes - 1, "--columns": lanes };
  return element("li.rest", position, block);
}
