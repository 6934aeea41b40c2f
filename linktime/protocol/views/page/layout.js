/** Positions of meetings in a week: minutes, columns and hours, without a document. */

import { daysBetween, daysFrom, wallOf } from "./times.js";

const WORKDAY = [9, 17]; // hours that are visible at least

/**
 * Return the part of a meeting on each of its days, in minutes after midnight on the clocks of a zone.
 * @returns {Array<{day: string, start: number, end: number}>}
 */
export function pieces(start, end, zone) {
  const first = wallOf(start, zone);
  const last = wallOf(Math.max(end - 1, start), zone); // a meeting until midnight ends on the day before
  if (first.day === last.day) {
    // The duration counts, and not the clocks at the end, which may have changed.
    return [{ day: first.day, start: first.minutes, end: Math.min(first.minutes + (end - start) / 60_000, 1440) }];
  }
  return daysFrom(first.day, daysBetween(first.day, last.day) + 1).map((day) => ({
    day,
    start: day === first.day ? first.minutes : 0,
    end: day === last.day ? last.minutes + 1 : 1440,
  }));
}

/**
 * Place overlapping pieces side by side.
 * @param {Array<{start: number, end: number}>} spans
 * @returns {Array<{column: number, columns: number}>} in the order of the spans
 */
export function sideBySide(spans) {
  const places = spans.map(() => ({ column: 0, columns: 1 }));
  let group = []; // spans that overlap, directly or through others
  let ends = []; // the end of the last span in each column of the group
  const finish = () => {
    for (const index of group) places[index].columns = ends.length;
    group = [];
    ends = [];
  };
  const order = [...spans.keys()].sort((a, b) => spans[a].start - spans[b].start || spans[b].end - spans[a].end);
  for (const index of order) {
    const { start, end } = spans[index];
    if (ends.every((other) => other <= start)) finish();
    const free = ends.findIndex((other) => other <= start);
    const column = free < 0 ? ends.length : free;
    places[index].column = column;
    ends[column] = end;
    group.push(index);
  }
  finish();
  return places;
}

/** Return the first and the last visible hour: the workday, and more if a piece needs it. */
export function visibleHours(spans) {
  const first = Math.min(WORKDAY[0], ...spans.map(({ start }) => Math.floor(start / 60)));
  const last = Math.max(WORKDAY[1], ...spans.map(({ end }) => Math.ceil(end / 60)));
  return { first, last: Math.min(last, 24) };
}
