/** Answers of the server's tools, as far as a view needs them. Every field may be missing or have another type. */

import { accountZone, isZone } from "./times.js";

const FAILURE = /^([a-z][a-z_]{2,40}): ([\s\S]+)$/i; // the error word, and the text for people
const WAIT = /\bin (\d{1,5}) s\b/;
const QUOTED = 500; // characters of an answer that could not be read
const [EARLIEST, LATEST] = ["0001-01-02", "9998-12-30"].map(Date.parse); // all zones show these years with four digits

/**
 * Return the error of a result, or null. A result without a list of rows is an error, too.
 * @param {string} rows the field of the list
 * @returns {{title: string, word: string, text: string, wait: number | null} | null} the wait is in seconds
 */
export function errorOf(result, rows) {
  const text = textOf(result);
  if (result.isError) return failure(text || "The call failed.");
  if (dataOf(result, rows)) return null;
  const quoted = text.length > QUOTED ? `${text.slice(0, QUOTED)}…` : text;
  return { title: "The answer could not be read", word: "", text: quoted || "It is empty.", wait: null };
}

/** Return the data of a result with a list of rows, or null. Some hosts keep only the text of a result. */
export function dataOf(result, rows) {
  const hasRows = (data) => isObject(data) && Array.isArray(data[rows]);
  if (hasRows(result.structuredContent)) return result.structuredContent;
  const data = parsed(textOf(result));
  return hasRows(data) ? data : null;
}

/**
 * Return the meetings in an answer of list_bookings, and the number of its rows that are none.
 * @typedef {{key: string, id: string, start: number, end: number, local: unknown, type: string, guest: string,
 *   email: string, zone: string, status: string, location: string, link: string, notes: string}} Meeting
 * @returns {{meetings: Meeting[], unread: number}} each with a key of its own
 */
export function meetingsOf({ data }) {
  const meetings = data.map(meeting).filter(Boolean);
  const counts = new Map(); // of the meetings that are told apart by nothing else
  for (const each of meetings) {
    const key = each.id || [each.start, each.end, each.type, each.guest, each.email].join(" ");
    counts.set(key, (counts.get(key) ?? 0) + 1);
    each.key = counts.get(key) > 1 ? `${key} ${counts.get(key)}` : key;
  }
  return { meetings, unread: data.length - meetings.length };
}

/**
 * Return the free times in an answer of check_availability, in order, and the number of its rows that are none.
 * @returns {{slots: Array<{startTime: string, start: number, local: unknown}>, unread: number}}
 */
export function slotsOf({ slots: rows }) {
  const slots = rows.filter(isObject).map(({ startTime, startTimeLocal }) => {
    return { startTime, start: instant(startTime), local: startTimeLocal };
  });
  const read = slots.filter(({ start }) => start <= LATEST).sort((a, b) => a.start - b.start);
  return { slots: read, unread: rows.length - read.length };
}

/** Return the account's zone, by the note of the server or else by the local times in the answer. */
export function zoneOf(result, data, rows, others) {
  const named = [result._meta?.["linktime/timezone"], data.timezone, ...others];
  return accountZone(
    named,
    rows.map(({ start, local }) => ({ instant: start, local })),
  );
}

/** Return the account's way to write times, 12h or 24h, or undefined if the server did not note it. */
export function timeFormatOf(result) {
  return result._meta?.["linktime/timeFormat"];
}

function failure(whole) {
  const [, word = "", message = whole] = FAILURE.exec(whole) ?? [];
  const wait = word.toLowerCase() === "rate_limited" ? WAIT.exec(message) : null;
  const text = message[0].toUpperCase() + message.slice(1);
  return { title: "No answer", word, text, wait: wait && Number(wait[1]) };
}

/** Return the meeting of a row, or null if the row has no start, or an end before it. */
function meeting(row) {
  if (!isObject(row)) return null;
  const type = isObject(row.eventType) ? row.eventType : { name: row.eventType };
  const start = instant(row.startTime);
  const minutes = Number(type.durationMinutes) || 30;
  const known = instant(row.endTime);
  const end = Math.min(Number.isNaN(known) ? start + minutes * 60_000 : known, LATEST);
  if (!(start <= end)) return null;
  return {
    id: text(row.id),
    start,
    end,
    local: row.startTimeLocal,
    type: text(type.name) || "Meeting",
    guest: text(row.inviteeName),
    email: text(row.inviteeEmail),
    zone: isZone(row.inviteeTimezone) ? row.inviteeTimezone : "",
    status: text(row.status),
    location: text(row.location) || text(type.locationType),
    link: text(row.meetingLink),
    notes: text(row.notes),
  };
}

/** Return the ms of an instant, or NaN. */
function instant(value) {
  const parsed = typeof value === "string" ? Date.parse(value) : NaN;
  return parsed >= EARLIEST ? parsed : NaN;
}

function textOf(result) {
  const blocks = Array.isArray(result.content) ? result.content.filter(isObject) : [];
  return blocks
    .map((block) => text(block.text))
    .join("\n")
    .trim();
}

function isObject(value) {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function text(value) {
  return typeof value === "string" ? value : "";
}

function parsed(json) {
  try {
    return JSON.parse(json);
  } catch {
    return {};
  }
}
