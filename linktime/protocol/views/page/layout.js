/** Positions of meetings in a week: minutes, columns and hours, without a document. */

import { wallOf } from "./times.js";

const WORKDAY = [9, 17]; // hours that are visible at least
const SHORTEST = 30; // minutes that a block is tall at least, so that its text fits
const MIDNIGHT = 1440; // minutes

/**
 * Return the first and the last day of a meeting, each with the minutes after midnight on the clocks of a zone.
 * @typedef {{day: string, minutes: number}} Wall
 * @returns {{first: Wall, last: Wall, minutes: number}} the minutes are its duration
 */
export function spanOf(start, end, zone) {
  const first = wallOf(start, zone);
  const last = wallOf(Math.max(end - 1, start), zone); // a meeting until midnight ends on the day before
  return { first, last, minutes: (end - start) / 60_000 };
}

/** Return the part of a span on a day, in minutes after midnight, or null if it has none. */
export function pieceOn({ first, last, minutes }, day) {
  if (day < first.day || last.day < day) return null;
  // The duration counts, and not the clocks at the end, which may have changed.
  if (first.day === last.day) return { start: first.minutes, end: Math.min(first.minutes + minutes, MIDNIGHT) };
  return { start: day === first.day ? first.minutes : 0, end: day === last.day ? last.minutes + 1 : MIDNIGHT };
}

/** Return the minutes that the block of a piece covers. It is tall enough for its text, and within the day. */
export function blockSpan({ start, end }) {
  const last = Math.min(Math.max(end, start + SHORTEST), MIDNIGHT);
  return { start: Math.min(start, last - SHORTEST), end: last };
}

/**
 * Place spans in lanes. Those without a lane are in groups of overlapping ones, which share the last lane.
 * @returns {{places: Array<{column: number, columns: number, isHidden: boolean}>, groups: Array<{start: number,
 *   end: number, members: number[]}>}} members are indices of spans, in order
 */
export function inLanes(spans, lanes) {
  const places = sideBySide(spans).map(({ column, columns }) => {
    return { column, columns: Math.min(columns, lanes), isHidden: columns > lanes && column >= lanes - 1 };
  });
  const groups = [];
  const hidden = [...spans.keys()].filter((index) => places[index].isHidden);
  for (const index of hidden.sort((a, b) => spans[a].start - spans[b].start)) {
    const { start, end } = spans[index];
    const group = groups.at(-1);
    if (!group || group.end <= start) groups.push({ start, end, members: [index] });
    else Object.assign(group, { end: Math.max(group.end, end), members: [...group.members, index] });
  }
  for (const { members } of groups) {
    if (members.length === 1) places[members[0]] = { column: lanes - 1, columns: lanes, isHidden: false };
  }
  return { places, groups: groups.filter(({ members }) => members.length > 1) };
}

/**
 * Place overlapping spans side by side.
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
