/** An axis of the week: the hours on the clocks of one zone. */

import { element } from "./dom.js";

const DAY = 1440; // minutes
const MARKS = { "-1": "−1 day", 0: "same day", 1: "+1 day" };

/**
 * Make an axis. Screen readers get the times from the meetings.
 * @param {string} name of the zone, or "" if it is the only one
 * @param {{first: number, last: number}} hours the visible ones
 * @param {number} ahead minutes of its clocks before those of the columns
 */
export function axis(name, { first, last }, ahead, dates) {
  const hours = Array.from({ length: last - first - 1 }, (_, index) => first + index + 1);
  const dayAt = (hour) => Math.floor((hour * 60 + ahead) / DAY);
  const label = (hour, index) => {
    const day = dayAt(hour);
    const isOther = day !== (index ? dayAt(hour - 1) : 0);
    const time = dates.clock(hour * 60 + ahead - day * DAY);
    return element("span", { "--at": hour * 60 }, time, isOther && element("small", {}, MARKS[day]));
  };
  return element(
    "div.axis",
    { "aria-hidden": "true" },
    element("b", {}, name),
    element("div.track", {}, ...hours.map(label)),
  );
}
