/** A meeting in the week: a button at its place. */

import { button, element, foreign, spoken } from "./dom.js";
import { clocksOf } from "./details.js";

const COLOURS = 6;

/**
 * Make the block of a part of a meeting.
 * @param {{meeting: object, day: string, start: number}} part
 * @param {{end: number}} span the minutes that the block covers
 * @param {{column: number, columns: number}} place
 * @param surroundings the zones, the formats, the clock and the number of the colour
 * @param {(block: HTMLElement) => void} press
 */
export function blockOf({ meeting, day, start }, span, { column, columns }, surroundings, press) {
  const { account, user, dates, now, colour } = surroundings;
  const isCancelled = meeting.status === "CANCELLED";
  const minutes = span.end - start;
  const height = minutes >= 75 ? "tall" : minutes >= 45 ? "middle" : "short";
  const [own, ...others] = clocksOf(meeting, { account, user, dates });
  const classes = ["meeting", height, isCancelled && "cancelled", meeting.end < now() && "past"];
  const block = button("", () => press(block), {
    class: classes.filter(Boolean).join(" "),
    "aria-expanded": "false",
    "data-key": `${meeting.id} ${day}`,
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
  return element("li", { "--start": start, "--tall": minutes, "--column": column, "--columns": columns }, block);
}
