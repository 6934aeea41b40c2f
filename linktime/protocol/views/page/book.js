/** The known meetings, and the days on which all meetings are known. */

import { dataOf, meetingsOf, zoneOf } from "./answer.js";
import { pieceOn, spanOf } from "./layout.js";
import { EVER, isDay, wallOf } from "./times.js";

const ARGUMENTS = new Set(["from", "to", "status", "page", "limit"]);

export class Book {
  zone = ""; // of the account, after the first answer
  #meetings = new Map(); // by key
  #answers = []; // their days, whether they were whole, and the number of their rows that could not be read
  #spans = null; // the meetings with their spans, or null if they have changed
  #types = new Map(); // names of event types, each with a number for its colour

  /** Take an answer of list_bookings. */
  add(result, args, otherZones) {
    const data = dataOf(result, "data");
    const { meetings, unread } = meetingsOf(data);
    this.zone = zoneOf(result, data, meetings, [this.zone, ...otherZones]);
    this.#spans = null;
    const range = rangeOf(args);
    const isWhole = range !== null && !(data.pagination?.totalPages > 1) && !data.truncated;
    const [from, to] = range ?? EVER;
    if (isWhole) this.#replace(from, to);
    this.#answers.push({ from, to, isWhole, unread });
    for (const meeting of meetings) {
      this.#meetings.set(meeting.key, meeting);
      if (!this.#types.has(meeting.type)) this.#types.set(meeting.type, this.#types.size);
    }
  }

  /** Return whether all meetings of these days are known. */
  covers(first, last = first) {
    return this.#answers.some(({ from, to, isWhole }) => isWhole && from <= first && last <= to);
  }

  /** Return how many rows of the latest answer for these days could not be read. */
  unread(first, last = first) {
    return this.#answers.findLast(({ from, to }) => from <= last && first <= to)?.unread ?? 0;
  }

  /** Return the parts of the meetings on a day, in order. */
  on(day) {
    this.#spans ??= [...this.#meetings.values()].map((meeting) => {
      return { meeting, span: spanOf(meeting.start, meeting.end, this.zone) };
    });
    return this.#spans
      .map(({ meeting, span }) => ({ meeting, day, piece: pieceOn(span, day) }))
      .filter(({ piece }) => piece)
      .map(({ piece, ...rest }) => ({ ...rest, ...piece }))
      .sort((a, b) => a.start - b.start || a.end - b.end);
  }

  /** Return the days with a meeting, in order. */
  get days() {
    return [...this.#meetings.values()].map(({ start }) => wallOf(start, this.zone).day).sort();
  }

  /** Return the number of the colour of an event type. */
  colour(type) {
    return this.#types.get(type) ?? 0;
  }

  #replace(first, last) {
    this.#answers = this.#answers.filter(({ from, to }) => from < first || last < to);
    for (const [key, { start }] of this.#meetings) {
      const { day } = wallOf(start, this.zone);
      if (first <= day && day <= last) this.#meetings.delete(key);
    }
  }
}

/** Return the first and the last day that a call was for, or null if its arguments do not state them exactly. */
export function rangeOf(args) {
  const days = [args.from ?? EVER[0], args.to ?? EVER[1]];
  const isExact = Object.keys(args).every((name) => ARGUMENTS.has(name)) && days.every(isDay) && days[0] <= days[1];
  return isExact ? days : null;
}
