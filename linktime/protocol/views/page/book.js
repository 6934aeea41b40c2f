/** The known meetings, and the days on which all meetings are known. */

import { dataOf, meetingsOf, zoneOf } from "./answer.js";
import { pieces } from "./layout.js";
import { wallOf } from "./times.js";

const DAY = /^\d{4}-\d\d-\d\d$/;
const ARGUMENTS = new Set(["from", "to", "status", "page", "limit"]);
const EVER = ["0001-01-01", "9998-12-31"];

export class Book {
  zone = ""; // of the account, after the first answer
  #meetings = new Map(); // by id
  #ranges = []; // days of the answers that were whole, as pairs
  #parts = null; // the parts of all meetings, in order, or null if they have changed
  #types = new Map(); // names of event types, each with a number for its colour

  /** Take an answer of list_bookings. */
  add(result, args, otherZones) {
    const data = dataOf(result);
    const meetings = meetingsOf(data);
    this.zone = zoneOf(result, meetings, [this.zone, ...otherZones]);
    const isWhole = !((data.pagination?.totalPages ?? 1) > 1) && !data.truncated;
    this.#parts = null;
    const range = rangeOf(args);
    if (range && isWhole) this.#replace(range);
    for (const meeting of meetings) {
      this.#meetings.set(meeting.id || meeting.start, meeting);
      if (!this.#types.has(meeting.type)) this.#types.set(meeting.type, this.#types.size);
    }
  }

  /** Return whether all meetings of these days are known. */
  covers(first, last = first) {
    return this.#ranges.some(([from, to]) => from <= first && last <= to);
  }

  /** Return the parts of the meetings on a day, in order. */
  on(day) {
    this.#parts ??= [...this.#meetings.values()]
      .flatMap((meeting) => pieces(meeting.start, meeting.end, this.zone).map((piece) => ({ ...piece, meeting })))
      .sort((a, b) => a.start - b.start || a.end - b.end);
    return this.#parts.filter((part) => part.day === day);
  }

  /** Return the days with a meeting, in order. */
  get days() {
    return [...this.#meetings.values()].map(({ start }) => wallOf(start, this.zone).day).sort();
  }

  /** Return the number of the colour of an event type. */
  colour(type) {
    return this.#types.get(type) ?? 0;
  }

  #replace(range) {
    this.#ranges.push(range);
    for (const [id, { start }] of this.#meetings) {
      const { day } = wallOf(start, this.zone);
      if (range[0] <= day && day <= range[1]) this.#meetings.delete(id);
    }
  }
}

/** Return the first and the last day that a call was for, or null if its arguments do not state them exactly. */
export function rangeOf(args) {
  const days = [args.from ?? EVER[0], args.to ?? EVER[1]];
  const isExact = Object.keys(args).every((name) => ARGUMENTS.has(name)) && days.every((day) => DAY.test(day));
  return isExact ? days : null;
}
